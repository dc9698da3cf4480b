import type { FetchResult } from '../contract/fetch-messages.js';
import type { ImageChange } from '../domain/upstream-finding.js';
import { ExitStatus } from './exit-status.js';
import { printLine, printTable, printMessage } from './output.js';

/** Prints what a check of an upstream found, what was requested, and what was left out and why. */
export function printFetchResult(result: FetchResult): void {
  const { upstream, release, previous, isNew, added, changed, removed, unchanged, wanted, skipped, notes } = result;
  for (const note of notes) printMessage(`note: ${note}`);
  if (!isNew) {
    printLine(`${upstream}: nothing new, ${release ?? 'everything'} was handled before`);
    return;
  }

  const since = previous === undefined ? '' : ` (compared with ${previous})`;
  printLine(
    `${upstream} ${release ?? ''}${since}: ${added.length} added, ${changed.length} changed, ${removed.length} removed, ${unchanged} unchanged`,
  );
  const changes = [...rowsOf('added', added), ...rowsOf('changed', changed), ...rowsOf('removed', removed)];
  if (changes.length > 0) {
    printLine();
    printTable(['IMAGE', 'CHANGE', 'BEFORE', 'SERVICES'], changes);
  }
  if (wanted.length > 0) {
    printLine();
    printTable(
      ['WANTED', 'PLATFORM', 'OUTCOME', 'REASON'],
      wanted.map(({ image, platform, outcome, reason }) => [image, platform, outcome, reason ?? '']),
    );
  }
  if (skipped.length > 0) {
    printLine();
    printTable(
      ['LEFT OUT', 'REASON'],
      skipped.map(({ what, reason }) => [what, reason]),
    );
  }
  printLine();
  printLine(result.syncRequested ? 'Sync requested.' : 'No image is pending: no sync was requested.');
}

/** A refused image needs a person's action and counts as a failure; an image that patterns exclude does not. */
export function exitStatusOfFetch({ wanted }: FetchResult): number {
  return wanted.some(({ outcome }) => outcome === 'refused') ? ExitStatus.failed : ExitStatus.done;
}

function rowsOf(kind: string, changes: readonly ImageChange[]): string[][] {
  return changes.map(({ image, oldTag, services }) => [image, kind, oldTag ?? '', services.join(', ')]);
}
