import { startLineProcess } from '../../demo/line/line-process.js';
import type { Line } from '../../demo/line/line.js';

/** A line to a registry with a rate and nothing else. All connections share it; each direction has its own. */
export function startSlowLine(to: { readonly port: number }, megabitsPerSecond: number): Promise<Line> {
  return startLineProcess({ to: { port: to.port }, bytesPerSecond: { line: (megabitsPerSecond * 1_000_000) / 8 } });
}
