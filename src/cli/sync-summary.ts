import type { SyncAllResult } from '../contract/sync-messages.js';
import { ExitStatus } from './exit-status.js';
import { localTime } from './local-time.js';
import { printLine, printTable } from './output.js';

/** What a run did and, above all, what it did not do and why. */
export function printSyncSummary(result: SyncAllResult): void {
  const { runs, images, pushed, waiting, retrying, blocked } = result;
  printTakeover(result);
  if (images === 0) {
    printLine('Nothing was pending.');
    return;
  }
  printLine(
    `${images} ${images === 1 ? 'image' : 'images'} in ${runs} ${runs === 1 ? 'pass' : 'passes'}: ` +
      `${pushed} pushed, ${waiting} waiting, ${retrying} retrying, ${blocked} blocked`,
  );
  printNotDone(result);
  printReplaced(result);
  printKept(result);
  printUnread(result);
}

/** What other programs had marked as pushed, and what is there. */
function printTakeover({ takeover }: SyncAllResult): void {
  if (takeover === undefined) return;
  const { looked, there, missing, unverified } = takeover;
  printLine(
    `${looked} ${looked === 1 ? 'row was' : 'rows were'} marked as pushed and never verified: ` +
      `${there} are on every target and were adopted, ${missing} are not and became pending` +
      (unverified === 0 ? '' : `, ${unverified} could not be looked for and stay as they are`),
  );
}

function printNotDone({ waiting, retrying, blocked, notDone, againAt }: SyncAllResult): void {
  if (notDone.length === 0) return;
  printLine();
  printTable(
    ['NOT DONE', 'TARGET', 'STATE', 'WHY'],
    notDone.map((entry) => [entry.image, entry.target ?? '(source)', entry.state, `${entry.code}: ${entry.reason}`]),
  );
  if (waiting + retrying + blocked > notDone.length) {
    printLine('This list is cut: "ferry list waiting" and "ferry list blocked" have everything.');
  }
  if (againAt !== undefined) {
    printLine(`What waits for a time that a registry named goes on by itself: ${localTime(againAt)}.`);
  }
}

function printReplaced({ replaced }: SyncAllResult): void {
  if (replaced === undefined) return;
  const { count, first } = replaced;
  printLine();
  printTable(
    ['REPLACED', 'LED TO', 'KEPT AS'],
    first.map(({ reference, before, backup }) => [reference, before, backup ?? '(not kept)']),
  );
  if (count > first.length) {
    printLine(`This list is cut at ${first.length} of ${count}: "ferry status IMAGE" tells what each image replaced.`);
  }
}

function printKept({ kept }: SyncAllResult): void {
  if (kept === undefined) return;
  const { count, first } = kept;
  printLine();
  printTable(
    ['LEFT AS IT IS', 'WHY'],
    first.map(({ reference, reason }) => [reference, reason]),
  );
  if (count > first.length) {
    printLine(`This list is cut at ${first.length} of ${count}: "ferry status IMAGE" says it of each image.`);
  }
}

function printUnread({ unread }: SyncAllResult): void {
  if (unread === undefined) return;
  const { count, first } = unread;
  printLine();
  printTable(
    ['VERIFIED BY THE ANSWER TO PUT ALONE', 'WHY'],
    first.map(({ reference, reason }) => [reference, reason]),
  );
  if (count > first.length) printLine(`This list is cut at ${first.length} of ${count}.`);
}

/** Waiting is no failure: it ends by itself. */
export function exitStatusOfSync({ retrying, blocked }: SyncAllResult): number {
  return retrying + blocked > 0 ? ExitStatus.failed : ExitStatus.done;
}
