import type { Measured } from './measure-item.js';
import type { RecallItem } from './recall-item.js';

export type Result =
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'absent'; readonly item: RecallItem; readonly missing: readonly string[] };

/**
 * Prints a table in Markdown, and what is missing.
 *
 * @returns false if an image is missed without an explanation, or an input could not be read
 */
export function printResults(results: readonly Result[]): boolean {
  console.log(
    '| Project | Version | Images | `image:` alone | certain | certain and likely | certain, but not needed |',
  );
  console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: |');
  const measured = results.flatMap((result) => (result.kind === 'measured' ? [result.measured] : []));
  for (const one of measured) console.log(row(one));
  const sum = (count: (one: Measured) => number): number => measured.reduce((total, one) => total + count(one), 0);
  console.log(
    `| ${measured.length} projects | | ${sum(({ item }) => item.expected.length)} | ${sum(grepped)} | ${sum(sure)} | ${sum(all)} | ${sum((one) => others(one).length)} |`,
  );
  console.log();

  let isExplained = true;
  for (const one of measured) {
    for (const image of missedOf(one)) {
      const reason = one.item.missed?.[image];
      isExplained &&= reason !== undefined;
      console.log(`missed: ${one.item.name}: ${image}: ${reason ?? 'NOT EXPLAINED'}`);
    }
    for (const image of others(one)) console.log(`not expected: ${one.item.name}: ${image}`);
    for (const { source, reason } of one.unread) {
      isExplained = false;
      console.log(`not read: ${one.item.name}: ${source}: ${reason}`);
    }
  }
  for (const result of results) {
    if (result.kind === 'absent') console.log(`absent: ${result.item.name}: clone ${result.missing.join(', ')}`);
  }
  return isExplained;
}

export function printDetails({ item, certain, likely, byGrep, ms }: Measured): void {
  console.log(`== ${item.name} (${Math.round(ms)} ms)`);
  for (const image of certain) console.log(`  certain ${byGrep.includes(image) ? ' ' : '+'} ${image}`);
  for (const image of likely) console.log(`  likely  ${byGrep.includes(image) ? ' ' : '+'} ${image}`);
  for (const image of byGrep) {
    if (!certain.includes(image) && !likely.includes(image)) console.log(`  by grep alone ${image}`);
  }
}

function row(one: Measured): string {
  const { item } = one;
  return `| ${item.name} | ${item.ref} | ${item.expected.length} | ${grepped(one)} | ${sure(one)} | ${all(one)} | ${others(one).length} |`;
}

function grepped({ item, byGrep }: Measured): number {
  return item.expected.filter((image) => byGrep.includes(image)).length;
}

function sure({ item, certain }: Measured): number {
  return item.expected.filter((image) => certain.includes(image)).length;
}

function all(one: Measured): number {
  return one.item.expected.length - missedOf(one).length;
}

function missedOf({ item, certain, likely }: Measured): readonly string[] {
  return item.expected.filter((image) => !certain.includes(image) && !likely.includes(image));
}

function others({ item, certain }: Measured): readonly string[] {
  return certain.filter((image) => !item.expected.includes(image));
}
