import { excerpt, holdsPassword, withoutPassword } from '@image-ferry/registry/reference';

/** Limits for one request: its rows are written in one transaction, and its answers are one message. */
export const requestLimits = { images: 500, platformsOfAnImage: 16, rows: 2_000 } as const;

type RequestedPart =
  | string
  | {
      readonly image: string;
      readonly platforms?: readonly string[] | undefined;
      readonly refused?: string | undefined;
    };

interface Request<I extends RequestedPart> {
  readonly images: readonly I[];
  /** For images without platforms of their own; absent: the configured ones, which count as one here. */
  readonly platforms?: readonly string[] | undefined;
}

/** requestFault returns why a whole request is refused: it exceeds a limit or contains a password. Undefined if it is valid. */
export function requestFault({ images, platforms }: Request<RequestedPart>): string | undefined {
  if (images.length > requestLimits.images) {
    return `the request contains ${images.length} images, the limit is ${requestLimits.images}`;
  }
  // Check each image first: a very long list of platforms is then counted only once, not once per image.
  for (const requested of images) {
    const fault = imageFault(requested, platforms);
    if (fault !== undefined) return fault;
  }
  const rows = images.reduce((sum, image) => sum + rowsOf(image, platforms), 0);
  if (rows <= requestLimits.rows) return undefined;
  return `the request contains ${rows} pairs of image and platform, the limit is ${requestLimits.rows}`;
}

/** splitRequest splits a request into requests within the limits, as far as no single image exceeds them. */
export function splitRequest<I extends RequestedPart>({ images, platforms }: Request<I>): readonly (readonly I[])[] {
  const pages: I[][] = [];
  let page: I[] = [];
  let rows = 0;
  for (const image of images) {
    const added = rowsOf(image, platforms);
    const isFull = page.length === requestLimits.images || rows + added > requestLimits.rows;
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
  // A refused text is not used, and its shown part contains no password.
  if (typeof requested !== 'string' && requested.refused !== undefined) return undefined;
  const image = typeof requested === 'string' ? requested : requested.image;
  if (holdsPassword(image)) {
    return `"${excerpt(withoutPassword(image))}" contains a user name or a password: put credentials in the configuration`;
  }
  const count = rowsOf(requested, standard);
  if (count <= requestLimits.platformsOfAnImage) return undefined;
  return `${count} platforms are requested for "${excerpt(image)}", the limit is ${requestLimits.platformsOfAnImage} ("all" means every platform)`;
}

/** One text may contain several platforms. */
function rowsOf(requested: RequestedPart, standard: readonly string[] | undefined): number {
  const platforms = (typeof requested === 'string' ? undefined : requested.platforms) ?? standard ?? [];
  const count = platforms.reduce((sum, text) => sum + text.split(',').length, 0);
  return Math.max(1, count);
}
