/** A plan as people read it: tables as it grows, then what it comes to. */
import { printDuration } from '../domain/duration.js';
import type { PlannedImage, PlannedTarget, PlanSink, PlanSummary } from '../domain/plan-types.js';
import { megabytes, printLine, printTable } from './output.js';
import { unverifiedRows } from './unverified-rows.js';

/** A plan that is longer is told in tables of so many lines, each as wide as its own lines need. */
const linesTogether = 500;

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
    printTable(['IMAGE', 'TARGET', 'WOULD', 'SEND', 'MOUNT', 'NOTES'], lines);
    tables += 1;
    lines = [];
  };
  const add = (more: readonly string[][]): void => {
    lines.push(...more);
    if (lines.length >= linesTogether) flush();
  };
  return {
    image: (image) => add(linesOf(image)),
    refusedRow({ row, text, reason }) {
      refused += 1;
      add([[text === '' ? `row ${row}` : text, '', 'be blocked', '', '', reason]]);
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

/** One JSON object with `images`, `refusedRows`, `allowances` and `totals`; an entry of a list is a line. */
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
  const states = counts.map(([state, count]) => `${count} ${inWords[state as PlannedImage['state']]}`).join(', ');
  const parts = [
    ...(images === 0 ? [] : [`${images} ${images === 1 ? 'image' : 'images'}: ${states}`]),
    ...(totals.incomplete === 0 ? [] : [`${totals.incomplete} of them not to every target`]),
    ...(refused === 0
      ? []
      : [`${refused} ${refused === 1 ? 'row names no image and' : 'rows name no image and'} would be blocked`]),
  ];
  printLine(parts.join('; '));
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

function noteOnTarget({ fault, takenName, replaces, extends: isExtended, dropped, note }: PlannedTarget): string {
  return [
    ...(fault === undefined ? [] : [`${fault.code}: ${fault.reason}`]),
    ...(takenName === undefined ? [] : [`the name ${takenName} belongs to another image`]),
    ...(replaces === undefined
      ? []
      : [isExtended === true ? 'adds platforms to what is there' : `replaces ${replaces}`]),
    ...dropped.map(({ digest, reason }) => `without ${digest}: ${reason}`),
    ...(note === undefined ? [] : [note]),
  ].join('; ');
}
