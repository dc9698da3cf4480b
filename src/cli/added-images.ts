import type { AddedImage } from '../contract/sync-messages.js';
import { printTable } from './output.js';

/** How commands show what became of requested images. */
export function printAddedImages(added: readonly AddedImage[]): void {
  printTable(
    ['IMAGE', 'PLATFORM', 'OUTCOME', 'REASON'],
    added.map(({ asked, image, platform, outcome, reason }) => [image ?? asked, platform ?? '', outcome, reason ?? '']),
  );
}
