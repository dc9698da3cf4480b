/** Prints what `ferry find` has found. */
import type { Unread } from '../discovery/discovery.js';
import type { DiscoveredImage, Evidence } from '../domain/found-image.js';
import type { Skipped } from '../domain/upstream-finding.js';
import { printJson, printLine, printMessage, printTable } from './output.js';

/** What a HEAD request said about a likely image. */
export type Confirmation =
  { readonly exists: boolean; readonly reason?: string | undefined } | { readonly unknown: string };

export interface FindReport {
  readonly images: readonly DiscoveredImage[];
  /** By image; absent: no request was made for it. */
  readonly confirmations: ReadonlyMap<string, Confirmation>;
  readonly skipped: readonly Skipped[];
  /** Inputs, and single images: some may be missing. */
  readonly unread: readonly Unread[];
  readonly notes: readonly string[];
}

export function printFound(report: FindReport, { isChecked }: { readonly isChecked: boolean }): void {
  const { images, confirmations, skipped, unread, notes } = report;
  const certain = images.filter(({ certainty }) => certainty === 'certain');
  const likely = images.filter(({ certainty }) => certainty === 'likely');
  if (certain.length > 0) {
    printTable(
      ['IMAGE', 'FOUND IN', 'AT', 'RULE'],
      certain.map(({ image, evidence }) => [image, ...columnsOf(evidence)]),
    );
  }
  if (likely.length > 0) {
    if (certain.length > 0) printLine();
    printLine(
      isChecked ? 'Likely, checked by a HEAD request:' : 'Likely; --likely checks them and includes those that exist:',
    );
    printTable(
      ['IMAGE', ...(isChecked ? ['SOURCE'] : []), 'FOUND IN', 'AT', 'RULE'],
      likely.map(({ image, evidence }) => [
        image,
        ...(isChecked ? [words(confirmations.get(image))] : []),
        ...columnsOf(evidence),
      ]),
    );
  }
  if (images.length > 0) printLine();
  const failing = images.filter(({ evidence }) => evidence.some((one) => one.failing !== undefined)).length;
  printLine(
    [
      `${certain.length} ${certain.length === 1 ? 'image' : 'images'}`,
      ...(failing === 0 ? [] : [`${failing} of them cannot be pulled in the cluster`]),
      ...(likely.length === 0 ? [] : [`${likely.length} likely`]),
      ...(skipped.length === 0 ? [] : [`${skipped.length} left out`]),
      ...(unread.length === 0 ? [] : [`${unread.length} could not be read`]),
    ].join(', '),
  );
  for (const { what, reason } of skipped) printMessage(`left out: ${what}: ${reason}`);
  for (const note of notes) printMessage(`note: ${note}`);
  for (const { source, reason } of unread) printMessage(`not read: ${source}: ${reason}`);
}

export function printFoundJson(report: FindReport, more: Readonly<Record<string, unknown>>): void {
  const { images, confirmations, skipped, unread, notes } = report;
  printJson({
    images: images.map((image) => ({ ...image, check: confirmations.get(image.image) })),
    skipped,
    unread,
    notes,
    ...more,
  });
}

/** `deploy/app.yaml:14`, also for the reason that is recorded with a request. */
export function printPlace({ source, line }: Evidence): string {
  return line === undefined ? source : `${source}:${line}`;
}

function columnsOf(evidence: readonly Evidence[]): readonly string[] {
  const [first] = evidence;
  if (first === undefined) return ['', '', ''];
  const others = evidence.length === 1 ? '' : ` (and ${evidence.length - 1} more)`;
  const failing = first.failing === undefined ? '' : ` ${first.failing}`;
  return [printPlace(first), `${first.path}${others}`, `${first.rule}${failing}`];
}

function words(confirmation: Confirmation | undefined): string {
  if (confirmation === undefined) return 'not checked';
  if ('unknown' in confirmation) return `unknown: ${confirmation.unknown.slice(0, 100)}`;
  return confirmation.exists ? 'exists' : 'does not exist';
}
