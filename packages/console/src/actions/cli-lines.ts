import type { ImageAction } from '../api/types.js';

/** The commands for more images are longer than what a person copies. */
const mostNamed = 5;

/** The commands that do the same, one for each image; none where no command does it. */
export function cliLines({ action, images = [], target, filter }: ImageAction): readonly string[] {
  const named = images.length <= mostNamed ? images.map(quoted) : [];
  switch (action) {
    case 'retry':
      return isEveryBlocked(filter) ? ['ferry retry --blocked'] : named.map((image) => `ferry retry ${image}`);
    case 'force':
      return named.map((image) => `ferry retry ${image}`);
    case 'remove':
      return named.map((image) => `ferry remove ${image}`);
    case 'backfill':
      return [`ferry sync --backfill ${quoted(target ?? '')}`];
    default:
      return action satisfies never;
  }
}

/** The command that puts a tag back. */
export function rollbackLine({ image, target, to }: HeldCopy & { readonly to?: string | undefined }): string {
  const digest = to === undefined ? '' : ` --to ${quoted(to)}`;
  return `ferry rollback ${quoted(image)} --target ${quoted(target)}${digest}`;
}

/** The command that ends the hold of a tag. */
export function releaseLine({ image, target }: HeldCopy): string {
  return `ferry release ${quoted(image)} --target ${quoted(target)}`;
}

interface HeldCopy {
  readonly image: string;
  readonly target: string;
}

function isEveryBlocked(filter: ImageAction['filter']): boolean {
  if (filter?.state !== 'blocked') return false;
  return Object.values(filter).filter((value) => value !== undefined).length === 1;
}

/** For a shell, if it has a character that a shell would read. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
