import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** What was done and what happened, with its time: printed, and in a file of the evidence folder. */
export interface Timeline {
  /** Milliseconds since the start. */
  now(): number;
  say(text: string): void;
  readonly path: string;
}

/** @param print gets each line; a test prints nothing */
export function timelineIn(folder: string, print: (line: string) => void): Timeline {
  const path = join(folder, 'timeline.log');
  const startedAt = performance.now();
  const now = (): number => performance.now() - startedAt;
  return {
    now,
    path,
    say(text) {
      const line = `[${(now() / 1000).toFixed(1).padStart(7)} s] ${text}`;
      appendFileSync(path, `${line}\n`);
      print(line);
    },
  };
}
