import { examineDocker } from '../composition/open-docker-engine.js';
import type { FerryConfig } from '../config/read-config.js';

/** Returns why this machine cannot serve targets behind a Docker daemon; undefined if it can, or if there are none. */
export async function dockerPreflight(
  config: Pick<FerryConfig, 'docker' | 'targets'>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const through = config.targets.filter(({ engine }) => engine === 'docker').map(({ name }) => name);
  if (through.length === 0) return undefined;
  try {
    await examineDocker(config, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return `this machine cannot copy to ${through.join(', ')}: ${reason}`;
  }
}
