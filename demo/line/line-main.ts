/** A line in a process of its own: `startLineProcess` starts it and calls its methods. */
import type { LineCall, LineReply } from './line-process.js';
import type { Line, LineOptions } from './line.js';
import { startLine } from './start-line.js';

let line: Line | undefined;

process.on('message', (call: LineCall) => {
  carryOut(call).then(
    (value) => reply({ id: call.id, value }),
    (error: unknown) => reply({ id: call.id, error: String(error) }),
  );
});
// The line ends with the process that uses it.
process.once('disconnect', () => process.exit());

async function carryOut({ method, args }: LineCall): Promise<unknown> {
  if (method === 'start') {
    line = await startLine(args[0] as LineOptions);
    return { host: line.host, port: line.port };
  }
  if (line === undefined) throw new TypeError(`${method} was called before the line was started`);
  return await (line[method] as (...values: readonly unknown[]) => Promise<unknown>)(...args);
}

function reply(message: LineReply): void {
  process.send?.(message);
}
