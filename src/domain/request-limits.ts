import { excerpt } from '../../packages/registry/src/oci/reference-grammar.js';
import { holdsPassword, withoutPassword } from '../../packages/registry/src/oci/typed-password.js';

/** What one request may ask for: its rows are one transaction, and its answers one message. */
export const REQUEST_LIMITS = { images: 500, platformsOfAnImage: 16, rows: 2_000 } as const;

type RequestedPart =
  string | { readonly image: string; readonly platforms?: readonly string[]; readonly refused?: string };

interface Request<I extends RequestedPart> {
  readonly images: readonly I[];
  /** Of the images that have none of their own; absent: the configured ones, which count as one here. */
  readonly platforms?: readonly string[];
}

/** Why a request is refused whole: it asks for more than one may, or shows a password. Undefined for a good one. */
export function requestFault({ images, platforms }: Request<RequestedPart>): string | undefined {
  if (images.length > REQUEST_LIMITS.images) {
    return `${images.length} images were asked for, and ${REQUEST_LIMITS.images} are allowed in one request`;
  }
  // Each image by itself first: a list of platforms without an end is counted once, not once for every image.
  for (const requested of images) {
    const fault = imageFault(requested, platforms);
    if (fault !== undefined) return fault;
  }
  const rows = images.reduce((sum, image) => sum + rowsOf(image, platforms), 0);
  if (rows <= REQUEST_LIMITS.rows) return undefined;
  return `${rows} pairs of image and platform were asked for, and ${REQUEST_LIMITS.rows} are allowed in one request`;
}

/** The same as requests that each ask for no more than one may, as far as a single image does not. */
export function splitRequest<I extends RequestedPart>({ images, platforms }: Request<I>): readonly (readonly I[])[] {
  const pages: I[][] = [];
  let page: I[] = [];
  let rows = 0;
  for (const image of images) {
    const added = rowsOf(image, platforms);
    const isFull = page.length === REQUEST_LIMITS.images || rows + added > REQUEST_LIMITS.rows;
    if (page.length === 0 || isFull) {
      page = [];
      pages.push(page);
      rows = 0;
    }
    page.push(image);
    rows += added;
  }
  return pages;
}

function imageFault(requested: RequestedPart, standard: readonly string[] | undefined): string | undefined {
  // What was refused is a text of which nothing is taken, and shows no password.
  if (typeof requested !== 'string' && requested.refused !== undefined) return undefined;
  const image = typeof requested === 'string' ? requested : requested.image;
  if (holdsPassword(image)) {
    return `"${excerpt(withoutPassword(image))}" holds a user or a password, which belong into the configuration`;
  }
  const count = rowsOf(requested, standard);
  if (count <= REQUEST_LIMITS.platformsOfAnImage) return undefined;
  return `${count} platforms were asked for "${excerpt(image)}", and ${REQUEST_LIMITS.platformsOfAnImage} are allowed for one image ("all" stands for every one)`;
}

/** One text may hold several platforms. */
function rowsOf(requested: RequestedPart, standard: readonly string[] | undefined): number {
  const platforms = (typeof requested === 'string' ? undefined : requested.platforms) ?? standard ?? [];
  const count = platforms.reduce((sum, text) => sum + text.split(',').length, 0);
  return Math.max(1, count);
}
