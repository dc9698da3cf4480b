/** What a copy was before a rollback of it was requested, as `image_copies.before_rollback` keeps it. */
import { isObject } from '../../domain/is-object.js';
import { CopyState } from '../../domain/wanted-image.js';
import { readJsonColumn } from '../json-column.js';
import type { ImageCopies } from '../tables.js';

type StateOfCopy = Pick<ImageCopies, 'state' | 'code' | 'reason'>;

export function printBefore({ state, code, reason }: StateOfCopy): string {
  return JSON.stringify({ state, code, reason });
}

/** @returns undefined where nothing is kept: the state of the row applies */
export function readBefore(text: string | null): StateOfCopy | undefined {
  const kept = readJsonColumn(text);
  if (!isObject(kept)) return undefined;
  const { state, code, reason } = kept;
  if (typeof state !== 'string' || !(state in CopyState)) return undefined;
  return { state, code: textOf(code), reason: textOf(reason) };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
