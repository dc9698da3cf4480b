import { DockerCommand } from './docker-command.js';
import type { DockerSettings } from './docker-types.js';
import { assertClassicStore } from './image-store.js';

/** Versions as they report them: `26.1.5`. */
export interface DockerVersions {
  readonly client: string;
  readonly daemon: string;
}

/**
 * Checks whether this machine can copy: the command runs, its daemon answers, and its image store is supported.
 *
 * @throws DockerFault with what to do; the signal's reason when aborted
 */
export async function examineDaemon(
  { program, environment, userConfigFolder }: Pick<DockerSettings, 'program' | 'environment' | 'userConfigFolder'>,
  signal: AbortSignal,
): Promise<DockerVersions> {
  const docker = new DockerCommand({
    program,
    // Nothing is written there: the user's own folder defines the current context.
    environment: { ...environment, ...(userConfigFolder === undefined ? {} : { DOCKER_CONFIG: userConfigFolder }) },
  });
  const format = '--format={{.Client.Version}} {{.Server.Version}}';
  const [line = ''] = await docker.run(['version', format], { side: 'daemon', signal });
  const [client = '', daemon = ''] = line.split(' ');
  await assertClassicStore(docker, signal);
  return { client, daemon };
}
