import { startLineProcess } from '../../demo/line/line-process.js';
import type { Exchange, Line, LineConditions } from '../../demo/line/line.js';

/** A line to the source and one to each target, each in a process of its own. */
export interface Lines {
  readonly source: Line;
  readonly targets: readonly Line[];
}

/** What is counted on all lines since the lines were cleared last. */
export interface LineCounts {
  /** Bytes that the source sent. */
  readonly read: number;
  /** Bytes that each target got. */
  readonly sent: readonly number[];
  readonly resets: number;
  /** Of the busiest line. */
  readonly busiest: number;
}

/** Starts the lines, does the work, and ends them. */
export async function withLines<T>(
  ends: { readonly source: { readonly port: number }; readonly targets: readonly { readonly port: number }[] },
  conditions: { readonly source: LineConditions; readonly target: LineConditions },
  work: (lines: Lines) => Promise<T>,
): Promise<T> {
  const source = await startLineProcess({ to: { port: ends.source.port }, ...conditions.source });
  const targets: Line[] = [];
  try {
    for (const { port } of ends.targets) targets.push(await startLineProcess({ to: { port }, ...conditions.target }));
    return await work({ source, targets });
  } finally {
    await Promise.all([source, ...targets].map((line) => line.close()));
  }
}

/** Ends what an earlier run has left on the lines, and counts from 0. */
export async function clearLines({ source, targets }: Lines): Promise<void> {
  for (const line of [source, ...targets]) {
    await line.resetAll();
    await line.clear();
  }
}

export async function countsOf({ source, targets }: Lines): Promise<LineCounts> {
  const [ofSource, ...ofTargets] = await Promise.all([source.stats(), ...targets.map((line) => line.stats())]);
  const all = [ofSource, ...ofTargets];
  return {
    read: ofSource.forwarded.down,
    sent: ofTargets.map(({ forwarded }) => forwarded.up),
    resets: all.reduce((total, { resets }) => total + resets, 0),
    busiest: Math.max(...all.map(({ busiest }) => busiest)),
  };
}

export async function exchangesOf({ source, targets }: Lines): Promise<readonly Exchange[]> {
  return (await Promise.all([source, ...targets].map((line) => line.exchanges()))).flat();
}

/** At this share of a second a line may have kept bytes longer than its conditions say. */
const busyShare = 0.9;

/** Says whether the simulation was the limit. */
export function noteOnLines(busiest: number): string {
  const percent = `${Math.round(busiest * 100)} %`;
  return busiest < busyShare
    ? `The simulated lines were at most ${percent} busy and limited nothing beyond their conditions.`
    : `**A simulated line was ${percent} busy for a second: it may have been the limit.**`;
}
