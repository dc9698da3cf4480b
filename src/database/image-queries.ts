import type { ImageFilter } from '../domain/image-filter.js';
import { shownStatusOf } from './effective-status.js';
import { readEventsOf } from './events.js';
import type { FerryDatabase } from './ferry-database.js';
import { readPushedOf } from './pushed/list-pushed.js';
import { readReplaced } from './pushed/replaced-tags.js';
import type { ReplacedTag } from './pushed/replaced-tags.js';
import { WantedState } from './status-views.js';
import type { ImageStatus } from './status-views.js';
import { countImages, listImages, rowsOfImage } from './wanted/list-images.js';
import type { ImageEntry, ImageOrder, ImagePage, ImagePlace } from './wanted/list-images.js';
import { readCopies, selectWanted } from './wanted/list-wanted.js';

const eventsShown = 200;

export interface ImageDetails extends Omit<ImageStatus, 'wanted'> {
  readonly rows: readonly ImageEntry[];
  readonly replaced: readonly ReplacedTag[];
}

/** Wanted images by filters, in pages; and one image with everything that is recorded of it. */
export class ImageQueries {
  readonly #database: FerryDatabase;

  constructor(database: FerryDatabase) {
    this.#database = database;
  }

  async list(
    filter: ImageFilter,
    order: ImageOrder & { readonly limit: number; readonly after?: ImagePlace | undefined },
  ): Promise<ImagePage> {
    return await listImages(this.#database, filter, order);
  }

  async count(filter: ImageFilter): Promise<number> {
    return await countImages(this.#database, filter);
  }

  /** The states of the rows of an image, without duplicates of rows. @param image canonical */
  async statesOf(image: string): Promise<readonly WantedState[]> {
    const rows = await selectWanted(this.#database).where('image', '=', image).orderBy('id').execute();
    return rows.map((row) => WantedState[shownStatusOf(row)]);
  }

  /** @param image canonical; its lists are empty if it was never wanted */
  async details(image: string): Promise<ImageDetails> {
    const { queries } = this.#database;
    return {
      image,
      rows: await rowsOfImage(this.#database, image),
      copies: await readCopies(queries, [image]),
      pushed: await readPushedOf(queries, image),
      events: await readEventsOf(queries, image, eventsShown),
      replaced: await readReplaced(queries, image),
    };
  }
}
