import type { SyncAllResult } from '../contract/sync-messages.js';
import { ExitStatus } from './exit-status.js';
import { localTime } from './local-time.js';
import { printLine, printTable } from './output.js';

/** Prints what a sync run did and, above all, what it did not do and why. */
export function printSyncSummary(result: SyncAllResult): void {
  const { runs, images, pushed, waiting, retrying, blocked } = result;
  printTakeover(result);
  if (images === 0) {
    printLine('Nothing was pending.');
    return;
  }
  printLine(
    `${images} ${images === 1 ? 'image' : 'images'} in ${runs} ${runs === 1 ? 'run' : 'runs'}: ` +
      `${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked`,
  );
  printNotDone(result);
  printReplaced(result);
  printKept(result);
  printUnread(result);
  printContinued(result);
}

/** Rows that other programs had marked as pushed, and what was found on the targets. */
function printTakeover({ takeover }: SyncAllResult): void {
  if (takeover === undefined) return;
  const { looked, there, missing, unverified } = takeover;
  printLine(
    `${looked} ${looked === 1 ? 'row was' : 'rows were'} marked as pushed but never verified: ` +
      `${there} found on every target and adopted, ${missing} missing and now pending` +
      (unverified === 0 ? '' : `, ${unverified} could not be checked and are unchanged`),
  );
}

function printNotDone({ waiting, retrying, blocked, notDone, againAt }: SyncAllResult): void {
  if (notDone.length === 0) return;
  printLine();
  printTable(
    ['NOT DONE', 'TARGET', 'STATE', 'REASON'],
    notDone.map((entry) => [entry.image, entry.target ?? '(source)', entry.state, `${entry.code}: ${entry.reason}`]),
  );
  if (waiting + retrying + blocked > notDone.length) {
    printLine('This list is not complete: see "ferry list waiting" and "ferry list blocked".');
  }
  if (againAt !== undefined) {
    printLine(`Images that wait for a registry's limit are retried automatically at ${localTime(againAt)}.`);
  }
}

function printReplaced({ replaced }: SyncAllResult): void {
  if (replaced === undefined) return;
  const { count, first } = replaced;
  printLine();
  printTable(
    ['REPLACED', 'BEFORE', 'BACKUP'],
    first.map(({ reference, before, backup }) => [reference, before, backup ?? '(none)']),
  );
  if (count > first.length) {
    printLine(`${first.length} of ${count} are shown; "ferry status IMAGE" shows what an image replaced.`);
  }
}

function printKept({ kept }: SyncAllResult): void {
  if (kept === undefined) return;
  const { count, first } = kept;
  printLine();
  printTable(
    ['UNCHANGED', 'REASON'],
    first.map(({ reference, reason }) => [reference, reason]),
  );
  if (count > first.length) {
    printLine(`${first.length} of ${count} are shown; "ferry status IMAGE" shows the reason for an image.`);
  }
}

function printUnread({ unread }: SyncAllResult): void {
  if (unread === undefined) return;
  const { count, first } = unread;
  printLine();
  printTable(
    ['NOT READ BACK', 'REASON'],
    first.map(({ reference, reason }) => [reference, reason]),
  );
  if (count > first.length) printLine(`${first.length} of ${count} are shown.`);
}

function printContinued({ continued }: SyncAllResult): void {
  if (continued === undefined) return;
  const { count, first } = continued;
  printLine();
  printTable(
    ['CONTINUED', 'TARGET', 'UPLOAD'],
    first.map(({ image, target, reason }) => [image, target, reason]),
  );
  if (count > first.length) printLine(`${first.length} of ${count} are shown.`);
}

/** Waiting is no failure: it ends without action. */
export function exitStatusOfSync({ retrying, blocked }: SyncAllResult): number {
  return retrying + blocked > 0 ? ExitStatus.failed : ExitStatus.done;
}
