/** Prints a plan for people: tables while it grows, then the totals. */
import { printBytes } from '../domain/byte-count.js';
import { printDuration } from '../domain/duration.js';
import type { PlannedImage, PlannedTarget, PlanSink, PlanSummary } from '../domain/plan-types.js';
import { printLine, printTable } from './output.js';
import { unverifiedRows } from './unverified-rows.js';

/** A longer plan is printed as several tables of this many lines, each as wide as its own lines need. */
const linesPerTable = 500;

export interface PlanReport extends PlanSink {
  end(summary: PlanSummary): void;
}

export function planTables(): PlanReport {
  let lines: string[][] = [];
  let tables = 0;
  let refused = 0;
  const flush = (): void => {
    if (lines.length === 0) return;
    if (tables > 0) printLine();
    printTable(['IMAGE', 'TARGET', 'ACTION', 'SEND', 'MOUNT', 'NOTES'], lines);
    tables += 1;
    lines = [];
  };
  const add = (more: readonly string[][]): void => {
    lines.push(...more);
    if (lines.length >= linesPerTable) flush();
  };
  return {
    image: (image) => add(linesOf(image)),
    refusedRow({ row, text, reason }) {
      refused += 1;
      add([[text === '' ? `row ${row}` : text, '', 'block', '', '', reason]]);
    },
    end(summary) {
      flush();
      if (tables === 0) printLine('Nothing is pending.');
      else printSummary(summary, refused);
      const { unverified } = summary.totals;
      if (unverified > 0) printLine(unverifiedRows(unverified));
    },
  };
}

/** Prints one JSON object with `images`, `refusedRows`, `allowances` and `totals`, one list entry per line. */
export function planJson(): PlanReport {
  const lists = ['images', 'refusedRows'] as const;
  let opened = 0;
  let entries = 0;
  const openTo = (list: (typeof lists)[number]): void => {
    for (; opened <= lists.indexOf(list); opened += 1) {
      printLine(`${opened === 0 ? '{' : '],'} "${lists[opened]}": [`);
      entries = 0;
    }
  };
  const add = (list: (typeof lists)[number], entry: object): void => {
    openTo(list);
    printLine(`${entries === 0 ? ' ' : ','} ${JSON.stringify(entry)}`);
    entries += 1;
  };
  return {
    image: (image) => add('images', image),
    refusedRow: (row) => add('refusedRows', row),
    end({ allowances, totals }) {
      openTo('refusedRows');
      printLine(`], "allowances": ${JSON.stringify(allowances)},`);
      printLine(`"totals": ${JSON.stringify(totals)} }`);
    },
  };
}

function printSummary({ allowances, totals }: PlanSummary, refused: number): void {
  const counts = Object.entries(totals.images).filter(([, count]) => count > 0);
  const images = counts.reduce((sum, [, count]) => sum + count, 0);
  printLine();
  const states = counts.map(([state, count]) => `${count} ${stateLabels[state as PlannedImage['state']]}`).join(', ');
  const parts = [
    ...(images === 0 ? [] : [`${images} ${images === 1 ? 'image' : 'images'}: ${states}`]),
    ...(totals.incomplete === 0 ? [] : [`${totals.incomplete} of them not for every target`]),
    ...(refused === 0
      ? []
      : [
          `${refused} ${refused === 1 ? 'row is not a valid image reference and' : 'rows are not valid image references and'} would be blocked`,
        ]),
  ];
  printLine(parts.join('; '));
  printLine(
    `To read ${printBytes(totals.bytesToRead)}, to send ${printBytes(totals.bytesToSend)}, to mount ${totals.mounts.blobs} blobs (${printBytes(totals.mounts.bytes)})`,
  );
  for (const { host, pulls, windowMs, free, needed } of allowances) {
    printLine(
      `${host}: ${free} of ${pulls} pulls per ${printDuration(windowMs)} left, ${needed}${totals.images.unread > 0 ? ' or more' : ''} needed`,
    );
  }
  if (totals.images.unread > 0)
    printLine(
      'Sizes are unknown where reading a manifest costs a pull (--spend-pulls reads them), or where only a Docker daemon has access.',
    );
}

const stateLabels: Readonly<Record<PlannedImage['state'], string>> = {
  there: 'already present',
  copy: 'to copy',
  unread: 'to copy of unknown size',
  adopt: 'to adopt',
  stopped: 'stopped',
};

function linesOf(image: PlannedImage): string[][] {
  if (image.targets.length === 0) return [[image.image, '', actionOf[image.state], '', '', noteOf(image)]];
  return image.targets.map((target) => [
    image.image,
    target.reference ?? target.target,
    actionOnTarget[target.state],
    target.state === 'unknown' ? '?' : printBytes(target.sent.bytes),
    target.state === 'unknown' ? '?' : printBytes(target.mountable.bytes),
    [noteOf(image), noteOnTarget(target)].filter((note) => note !== '').join('; '),
  ]);
}

const actionOf: Readonly<Record<PlannedImage['state'], string>> = {
  there: 'none',
  copy: 'copy',
  unread: 'copy',
  adopt: 'adopt',
  stopped: 'skip',
};

const actionOnTarget: Readonly<Record<PlannedTarget['state'], string>> = {
  there: 'none',
  copy: 'copy',
  unknown: 'copy',
  refused: 'skip',
};

function noteOf({ fault, missingPlatforms }: PlannedImage): string {
  const missing = missingPlatforms.length === 0 ? '' : `the source does not offer ${missingPlatforms.join(', ')}`;
  return [fault === undefined ? '' : `${fault.code}: ${fault.reason}`, missing]
    .filter((note) => note !== '')
    .join('; ');
}

function noteOnTarget({ fault, takenName, replaces, extends: isExtended, dropped, note }: PlannedTarget): string {
  return [
    ...(fault === undefined ? [] : [`${fault.code}: ${fault.reason}`]),
    ...(takenName === undefined ? [] : [`the name ${takenName} is taken by another image`]),
    ...(replaces === undefined
      ? []
      : [isExtended === true ? 'adds platforms to the existing tag' : `replaces ${replaces}`]),
    ...dropped.map(({ digest, reason }) => `without ${digest}: ${reason}`),
    ...(note === undefined ? [] : [note]),
  ].join('; ');
}
