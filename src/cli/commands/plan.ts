import { planOfSync } from '../../composition/sync-plan.js';
import { readConfig } from '../../config/read-config.js';
import { printDuration } from '../../domain/duration.js';
import type { PlannedImage, PlannedTarget, SyncPlan } from '../../domain/sync-plan.js';
import { ExitStatus } from '../exit-status.js';
import { interruptible } from '../interruption.js';
import { megabytes, printJson, printLine, printTable, say } from '../output.js';

export interface PlanCommandOptions {
  readonly spendPulls?: boolean;
  readonly json?: boolean;
}

/** What a sync would move, without moving it and without changing a row. */
export async function planCommand({ spendPulls = false, json = false }: PlanCommandOptions): Promise<number> {
  const config = readConfig(process.env);
  const interruption = interruptible();
  let plan: SyncPlan;
  try {
    plan = await planOfSync(config, { spendPulls, signal: interruption.signal });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    say('interrupted; nothing was changed');
    return ExitStatus.failed;
  } finally {
    interruption.release();
  }
  if (json) printJson(plan);
  else printPlan(plan);
  return ExitStatus.done;
}

function printPlan({ images, refusedRows, allowances, totals }: SyncPlan): void {
  if (images.length + refusedRows.length === 0) {
    printLine('Nothing is pending.');
    return;
  }
  printTable(
    ['IMAGE', 'TARGET', 'WOULD', 'SEND', 'MOUNT', 'NOTES'],
    [
      ...images.flatMap(linesOf),
      ...refusedRows.map(({ row, reason }) => [`row ${row}`, '', 'be parked', '', '', reason]),
    ],
  );
  const counts = Object.entries(totals.images).filter(([, count]) => count > 0);
  printLine();
  printLine(
    `${images.length} ${images.length === 1 ? 'image' : 'images'}: ` +
      counts.map(([state, count]) => `${count} ${inWords[state as PlannedImage['state']]}`).join(', '),
  );
  printLine(
    `To read ${megabytes(totals.bytesToRead)}, to send ${megabytes(totals.bytesToSend)}, to mount ${totals.mounts.blobs} blobs (${megabytes(totals.mounts.bytes)})`,
  );
  for (const { host, pulls, windowMs, free, needed } of allowances) {
    printLine(
      `${host}: ${free} of ${pulls} pulls in ${printDuration(windowMs)} are left, ${needed}${totals.images.unread > 0 ? ' or more' : ''} needed`,
    );
  }
  if (totals.images.unread > 0)
    printLine(
      'Sizes are unknown where reading a manifest would cost a pull (--spend-pulls reads them) or only a Docker daemon may look.',
    );
}

const inWords: Readonly<Record<PlannedImage['state'], string>> = {
  there: 'there already',
  copy: 'to copy',
  unread: 'to copy of unknown size',
  adopt: 'to adopt',
  stopped: 'stopped',
};

function linesOf(image: PlannedImage): string[][] {
  if (image.targets.length === 0) return [[image.image, '', wouldBe[image.state], '', '', noteOf(image)]];
  return image.targets.map((target) => [
    image.image,
    target.reference ?? target.target,
    wouldBeThere[target.state],
    target.state === 'unknown' ? '?' : megabytes(target.sent.bytes),
    target.state === 'unknown' ? '?' : megabytes(target.mountable.bytes),
    [noteOf(image), noteOnTarget(target)].filter((note) => note !== '').join('; '),
  ]);
}

const wouldBe: Readonly<Record<PlannedImage['state'], string>> = {
  there: 'be left',
  copy: 'be copied',
  unread: 'be copied',
  adopt: 'be adopted',
  stopped: 'not be copied',
};

const wouldBeThere: Readonly<Record<PlannedTarget['state'], string>> = {
  there: 'be left',
  copy: 'get it',
  unknown: 'get it',
  refused: 'not get it',
};

function noteOf({ fault, missingPlatforms }: PlannedImage): string {
  const missing = missingPlatforms.length === 0 ? '' : `the source does not offer ${missingPlatforms.join(', ')}`;
  return [fault === undefined ? '' : `${fault.code}: ${fault.reason}`, missing]
    .filter((note) => note !== '')
    .join('; ');
}

function noteOnTarget({ fault, takenName, replaces, dropped }: PlannedTarget): string {
  return [
    ...(fault === undefined ? [] : [`${fault.code}: ${fault.reason}`]),
    ...(takenName === undefined ? [] : [`the name ${takenName} belongs to another image`]),
    ...(replaces === undefined ? [] : [`replaces ${replaces}`]),
    ...dropped.map(({ digest, reason }) => `without ${digest}: ${reason}`),
  ].join('; ');
}
