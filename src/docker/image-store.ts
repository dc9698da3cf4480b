import type { DockerCommand } from './docker-command.js';
import { DockerFault } from './docker-fault.js';

const containerdStore = 'io.containerd.snapshotter';

/**
 * Checks that the daemon uses its classic image store. In containerd's store an ID is an index with all its platforms:
 * a pulled and pushed platform could not be distinguished from the others.
 *
 * @throws DockerFault
 */
export async function assertClassicStore(docker: DockerCommand, signal: AbortSignal | undefined): Promise<void> {
  const options = { side: 'daemon', signal } as const;
  const status = await docker.run(['info', '--format={{json .DriverStatus}}'], options);
  if (!status.some((line) => line.includes(containerdStore))) return;
  throw new DockerFault(
    'the Docker daemon keeps images in containerd\'s store, which "engine: docker" does not handle: set {"features": {"containerd-snapshotter": false}} in the daemon\'s daemon.json, or use another daemon',
    { side: 'daemon', code: 'configuration', decision: 'block' },
  );
}
