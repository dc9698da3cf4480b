import type { Entry, Goal } from './scenario.js';
import { fastest, medianOf, megabyte, peakOf } from './statistics.js';

/** Medians of wall time: the ferry against the fastest of its peers. */
export function timesFaster(atLeast: number, [ferry, ...peers]: readonly Entry[]): Goal {
  const text = atLeast === 1 ? 'not slower than the fastest peer' : `at least ${atLeast}× faster than the fastest peer`;
  const rival = fastest(peers);
  const own = ferry === undefined ? undefined : medianOf(ferry, 'wallMs');
  const theirs = rival === undefined ? undefined : medianOf(rival, 'wallMs');
  if (own === undefined || theirs === undefined) return { text, found: 'no peer here', met: undefined };
  return { text, found: `${(theirs / own).toFixed(2)}× ${rival?.name}`, met: theirs / own >= atLeast };
}

export function lessProcessorTime([ferry, ...peers]: readonly Entry[]): Goal {
  const text = 'less CPU time than any peer';
  const own = ferry === undefined ? undefined : medianOf(ferry, 'cpuMs');
  const theirs = peers.map((peer) => medianOf(peer, 'cpuMs')).filter((value) => value !== undefined);
  if (own === undefined || theirs.length === 0) return { text, found: 'no peer here', met: undefined };
  const least = Math.min(...theirs);
  return { text, found: `${(own / 1000).toFixed(2)} s against ${(least / 1000).toFixed(2)} s`, met: own < least };
}

export function peakMemory(megabytes: number, ferry: Entry | undefined): Goal {
  const text = `peak memory under ${megabytes} MB`;
  const peak = ferry === undefined ? undefined : peakOf(ferry);
  if (peak === undefined) return { text, found: 'this system does not tell', met: undefined };
  return { text, found: `${(peak / megabyte).toFixed(0)} MB`, met: peak < megabytes * megabyte };
}

/** The ferry's median is at most `percent` % longer than another time. */
export function within(
  percent: number,
  {
    ferry,
    ofMs,
    what,
  }: { readonly ferry: Entry | undefined; readonly ofMs: number | undefined; readonly what: string },
): Goal {
  const text = `at most ${percent} % longer than ${what}`;
  const own = ferry === undefined ? undefined : medianOf(ferry, 'wallMs');
  if (own === undefined || ofMs === undefined) return { text, found: 'nothing to compare with', met: undefined };
  const longer = (own / ofMs - 1) * 100;
  return { text, found: `${longer.toFixed(1)} %, ${(own / 1000).toFixed(2)} s`, met: longer <= percent };
}
