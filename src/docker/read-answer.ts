import { DockerFault } from './docker-fault.js';
import type { DockerSide } from './docker-fault.js';

/** Parses the JSON that a command printed. @throws DockerFault if it is not JSON */
export function readAnswer(lines: readonly string[], what: string, side: DockerSide): unknown {
  try {
    return JSON.parse(lines.join('\n')) as unknown;
  } catch {
    const message = `${what} printed no valid JSON; check that it is Docker's own command`;
    throw new DockerFault(message, { side, code: 'protocol', decision: 'block' });
  }
}
