import { ways } from './plan/plan-requests.js';
import type { ChaosOptions, ChaosResult } from './run-chaos.js';
import { promises } from './verify/violation.js';
import type { PromiseName } from './verify/violation.js';

/** The result as two tables in Markdown: what happened, and which promises were kept. */
export function reportOf(options: Pick<ChaosOptions, 'seed' | 'seconds'>, result: ChaosResult): string {
  const { sent, settled, verified, transfers, messages } = result;
  const accepted = ways.map((way) => `${sent.accepted.filter((request) => request.way === way).length} by ${way}`);
  const facts: readonly (readonly [string, string])[] = [
    ['seed, time', `${options.seed}, ${(options.seconds / 60).toFixed(1)} min of faults`],
    ['SIGKILL', countOf(result, 'kill')],
    ['SIGTERM and start', countOf(result, 'restart')],
    ['SIGSTOP, SIGCONT', countOf(result, 'freeze')],
    ['resets of all connections of a line', countOf(result, 'reset')],
    ['stalls of a line', countOf(result, 'stall')],
    ['full disks', countOf(result, 'full-disk')],
    ['targets that stayed away for 50 s or more', countOf(result, 'absence')],
    ['parts that ended early', `${result.unexpectedEnds.length}${listOf(result.unexpectedEnds)}`],
    ['requests', `${sent.accepted.length} accepted (${accepted.join(', ')}) in ${sent.tries} tries`],
    ['tags moved', String([...sent.versions.values()].reduce((sum, version) => sum + version, 0))],
    ['idle after the last fault', `${settled.seconds.toFixed(0)} s, ${settled.syncs} sync runs requested`],
    [
      'verified',
      `${result.images} images, on each target ${verified.blobs / 2} blobs, ${megabytes(verified.bytes / 2)}`,
    ],
    ['blocked by a full disk, and requested again by `ferry retry`', `${settled.roomMade} rows`],
    [
      'images that were published after they were requested',
      `${sent.published}; blocked, and requested again by \`ferry retry\`: ${sent.retried + settled.foundLater}`,
    ],
    ['incidents', `${messages.incidents}; people were notified of ${announcedOf(messages.announced)}`],
    [
      'messages to people',
      `${messages.received} to a webhook, repeated ${messages.repeated} times with the same ID; ${messages.byRobot} to a robot`,
    ],
    [
      'read from the sources',
      `${megabytes(transfers.bytesRead)}; each blob once: ${megabytes(transfers.bytesReadOnce)}`,
    ],
    ['sent to the targets', `${megabytes(transfers.bytesSent)}; needed: ${megabytes(transfers.bytesNeeded)}`],
    ['uploads', `${transfers.uploads}, interrupted ${transfers.interruptions} times`],
    ['records of unfinished uploads when all was pushed', `${settled.recordedUploads}, removed by the next run`],
    ['lost by interruptions', `${megabytes(transfers.lost)}; by one upload at most ${megabytes(transfers.mostLost)}`],
    [
      'begun again because the database was away',
      `${transfers.excused.uploads} uploads, ${megabytes(transfers.excused.bytes)}`,
    ],
    [
      'sent although it could be mounted',
      `${transfers.notMounted.blobs} blobs, ${megabytes(transfers.notMounted.bytes)}`,
    ],
  ];
  const kept = (Object.keys(promises) as PromiseName[]).map((name) => {
    const count = result.violations.filter(({ promise }) => promise === name).length;
    return [promises[name], count === 0 ? 'kept' : `**broken ${count} times**`] as const;
  });
  return [...tableOf(['', 'Count'], facts), '', ...tableOf(['Promise', 'Result'], kept)].join('\n');
}

/** `3 (2 target, 1 blocked)` */
function announcedOf(announced: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(announced).filter(([, count]) => count > 0);
  const total = kinds.reduce((sum, [, count]) => sum + count, 0);
  return total === 0 ? 'none' : `${total} (${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')})`;
}

function countOf({ faults }: ChaosResult, kind: ChaosResult['faults'][number]['fault']['kind']): string {
  const own = faults.filter(({ fault }) => fault.kind === kind);
  const done = own.filter(({ isDone }) => isDone);
  const where = done.map(({ fault }) => {
    if ('part' in fault) return fault.part;
    return 'line' in fault ? fault.line : fault.disk;
  });
  const missed = own.length - done.length;
  return `${done.length}${listOf(where)}${missed === 0 ? '' : `; ${missed} not possible`}`;
}

/** ` (3 worker, 1 server)`, most frequent first; '' for none. */
function listOf(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names.map((each) => each.replace(/-\d/, ''))) counts.set(name, (counts.get(name) ?? 0) + 1);
  const parts = [...counts].toSorted(([, one], [, other]) => other - one).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function tableOf(head: readonly [string, string], rows: readonly (readonly [string, string])[]): readonly string[] {
  return [head, ['---', '---'] as const, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
