import { reasonOf } from './failure.js';
import type { Entry, Goal } from './scenario.js';
import { fastest, hasArrived, medianOf, megabyte, peakOf } from './statistics.js';

/** Medians of wall time: the ferry against the fastest of its peers. */
export function timesFaster(atLeast: number, [ferry, ...peers]: readonly Entry[]): Goal {
  const text = atLeast === 1 ? 'not slower than the fastest peer' : `at least ${atLeast}× faster than the fastest peer`;
  if (ferry !== undefined && !hasArrived(ferry)) return { text, found: 'the ferry failed', met: false };
  const rival = fastest(peers);
  if (rival === undefined && peers.length > 0) return { text, found: 'no peer arrives', met: true };
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

/** The ferry's median is at most `percent` % longer than another time, or by this many milliseconds if that is more. */
export function within(
  percent: number,
  {
    ferry,
    ofMs,
    orMs = 0,
    what,
  }: {
    readonly ferry: Entry | undefined;
    readonly ofMs: number | undefined;
    readonly orMs?: number;
    readonly what: string;
  },
): Goal {
  const or = orMs === 0 ? '' : ` or ${orMs / 1000} s`;
  const text = `at most ${percent} %${or} longer than ${what}`;
  const own = ferry === undefined ? undefined : medianOf(ferry, 'wallMs');
  if (own === undefined || ofMs === undefined) return { text, found: 'nothing to compare with', met: undefined };
  const longer = (own / ofMs - 1) * 100;
  const isWithin = own - ofMs <= Math.max((percent / 100) * ofMs, orMs);
  return { text, found: `${longer.toFixed(1)} %, ${(own / 1000).toFixed(2)} s`, met: isWithin };
}

/** Every run of the ferry brought everything. */
export function arrives(ferry: Entry | undefined): Goal {
  const runs = ferry?.runs ?? [];
  const failed = runs.filter(({ failure }) => failure !== undefined);
  const found = failed.length === 0 ? `${runs.length} of ${runs.length} runs` : reasonOf(failed[0]?.failure ?? '');
  return { text: 'arrives', found, met: failed.length === 0 && runs.length > 0 };
}

/** Every run ends with a message that gives the reason. */
export function failsWith(reason: RegExp, text: string, ferry: Entry | undefined): Goal {
  const failures = (ferry?.runs ?? []).map(({ failure }) => failure);
  const found = failures.find((failure) => failure === undefined || !reason.test(failure));
  const last = failures.at(-1);
  return {
    text,
    found: last === undefined ? 'arrives' : reasonOf(last),
    met: failures.length > 0 && failures.every((failure) => failure !== undefined) && found === undefined,
  };
}

/** The ferry's median is at most `times` of what the line alone needs. */
export function withinBound(times: number, ferry: Entry | undefined, boundMs: number): Goal {
  const text = `at most ${times}× the line's own ${(boundMs / 1000).toFixed(1)} s`;
  const own = ferry === undefined || !hasArrived(ferry) ? undefined : medianOf(ferry, 'wallMs');
  if (own === undefined) return { text, found: 'the ferry failed', met: false };
  return { text, found: `${(own / boundMs).toFixed(2)}×, ${(own / 1000).toFixed(2)} s`, met: own <= times * boundMs };
}

export function atMostSeconds(seconds: number, ferry: Entry | undefined): Goal {
  const text = `at most ${seconds} s`;
  const own = ferry === undefined || !hasArrived(ferry) ? undefined : medianOf(ferry, 'wallMs');
  if (own === undefined) return { text, found: 'the ferry failed', met: false };
  return { text, found: `${(own / 1000).toFixed(2)} s`, met: own <= seconds * 1000 };
}

/** Every run of the ferry moved at most `times` the bytes of the image. */
export function bytesAtMost(
  times: number,
  field: 'sourceBytes' | 'targetBytes',
  ferry: Entry | undefined,
  imageBytes: number,
): Goal {
  const what = field === 'sourceBytes' ? 'read' : 'sent to a target';
  const text = `at most ${times}× the image is ${what}`;
  const moved = Math.max(...(ferry?.runs ?? []).map((run) => run[field] ?? 0)) / imageBytes;
  if (ferry !== undefined && !hasArrived(ferry))
    return { text, found: `failed after ${moved.toFixed(2)}×`, met: false };
  return { text, found: `${moved.toFixed(3)}×`, met: moved <= times };
}

/** What was moved beyond the bytes that had to move. */
export function movedAgain(
  what: string,
  { moved, needed, megabytes }: { readonly moved: number; readonly needed: number; readonly megabytes: number },
): Goal {
  const again = (moved - needed) / megabyte;
  return { text: `at most ${megabytes} MB ${what} again`, found: `${again.toFixed(1)} MB`, met: again <= megabytes };
}
