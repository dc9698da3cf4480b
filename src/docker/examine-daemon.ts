import { DockerCommand } from './docker-command.js';
import type { DockerSettings } from './docker-types.js';
import { assertClassicStore } from './image-store.js';

/** Who answered, as they call themselves: `26.1.5`. */
export interface DockerVersions {
  readonly client: string;
  readonly daemon: string;
}

/**
 * Whether copies could be made here: the command runs, its daemon answers, and keeps images as the engine needs it.
 *
 * @throws DockerFault saying what to do; the signal's reason when aborted
 */
export async function examineDaemon(
  { program, environment, userConfigFolder }: Pick<DockerSettings, 'program' | 'environment' | 'userConfigFolder'>,
  signal: AbortSignal,
): Promise<DockerVersions> {
  const docker = new DockerCommand({
    program,
    // Nothing is written there: the user's own folder knows which context is in use.
    environment: { ...environment, ...(userConfigFolder === undefined ? {} : { DOCKER_CONFIG: userConfigFolder }) },
  });
  const format = '--format={{.Client.Version}} {{.Server.Version}}';
  const [line = ''] = await docker.run(['version', format], { side: 'daemon', signal });
  const [client = '', daemon = ''] = line.split(' ');
  await assertClassicStore(docker, signal);
  return { client, daemon };
}
