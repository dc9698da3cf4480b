import { DockerFault } from './docker-fault.js';
import type { DockerSide } from './docker-fault.js';

/** The JSON that a command printed. @throws DockerFault when it is none */
export function readAnswer(lines: readonly string[], what: string, side: DockerSide): unknown {
  try {
    return JSON.parse(lines.join('\n')) as unknown;
  } catch {
    const message = `${what} did not answer in JSON; is it Docker's own command?`;
    throw new DockerFault(message, { side, code: 'protocol', decision: 'block' });
  }
}
