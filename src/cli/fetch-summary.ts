import type { FetchResult } from '../contract/fetch-messages.js';
import type { ImageChange } from '../domain/upstream-finding.js';
import { ExitStatus } from './exit-status.js';
import { printLine, printTable, say } from './output.js';

/** What a look at an upstream found, what became wanted, and what was left out and why. */
export function printFetchResult(result: FetchResult): void {
  const { upstream, release, previous, isNew, added, changed, removed, unchanged, wanted, skipped, notes } = result;
  for (const note of notes) say(`note: ${note}`);
  if (!isNew) {
    printLine(`${upstream}: nothing new, ${release ?? 'what is there'} was handled before`);
    return;
  }

  const since = previous === undefined ? '' : ` (compared with ${previous})`;
  printLine(
    `${upstream} ${release ?? ''}${since}: ${added.length} added, ${changed.length} changed, ${removed.length} removed, ${unchanged} unchanged`,
  );
  const changes = [...rowsOf('added', added), ...rowsOf('changed', changed), ...rowsOf('removed', removed)];
  if (changes.length > 0) {
    printLine();
    printTable(['IMAGE', '', 'BEFORE', 'SERVICES'], changes);
  }
  if (wanted.length > 0) {
    printLine();
    printTable(
      ['WANTED', 'PLATFORM', 'OUTCOME', ''],
      wanted.map(({ image, platform, outcome, reason }) => [image, platform, outcome, reason ?? '']),
    );
  }
  if (skipped.length > 0) {
    printLine();
    printTable(
      ['LEFT OUT', 'WHY'],
      skipped.map(({ what, reason }) => [what, reason]),
    );
  }
  printLine();
  printLine(result.syncRequested ? 'A sync was asked for.' : 'Nothing of it is pending: no sync was asked for.');
}

/** An image that may not be taken is news that a person has to act on; what was left out by patterns is not. */
export function exitStatusOfFetch({ wanted }: FetchResult): number {
  return wanted.some(({ outcome }) => outcome === 'refused') ? ExitStatus.failed : ExitStatus.done;
}

function rowsOf(kind: string, changes: readonly ImageChange[]): string[][] {
  return changes.map(({ image, oldTag, services }) => [image, kind, oldTag ?? '', services.join(', ')]);
}
