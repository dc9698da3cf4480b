import type { DockerCommand } from './docker-command.js';
import { DockerFault } from './docker-fault.js';

const containerdStore = 'io.containerd.snapshotter';

/**
 * Makes sure of the daemon's classic image store. In containerd's an ID is an index, which stands for all its platforms at
 * once: what was pulled and pushed could not be told from its neighbours.
 *
 * @throws DockerFault
 */
export async function assertClassicStore(docker: DockerCommand, signal: AbortSignal | undefined): Promise<void> {
  const options = { side: 'daemon', ...(signal === undefined ? {} : { signal }) } as const;
  const status = await docker.run(['info', '--format={{json .DriverStatus}}'], options);
  if (!status.some((line) => line.includes(containerdStore))) return;
  throw new DockerFault(
    'the Docker daemon keeps images in containerd\'s store, which "engine: docker" does not handle: set {"features": {"containerd-snapshotter": false}} in the daemon\'s daemon.json, or use another daemon',
    { side: 'daemon', code: 'configuration', decision: 'block' },
  );
}
