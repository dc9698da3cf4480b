import * as z from 'zod';

import type { ImageSort } from '../../domain/image-filter.js';
import { refusal } from '../problems.js';
import { printUrlJson, readUrlJson } from './url-json.js';

const Place = z.tuple([z.string(), z.union([z.string().max(1_000), z.int(), z.null()]), z.int()]);

interface ImagePlace {
  readonly value: string | number | null;
  readonly id: number;
}

/** A cursor of a list of images: opaque for clients, and for this sort only. */
export function printCursor(sort: ImageSort, { value, id }: ImagePlace): string {
  return printUrlJson([sort, value, id]);
}

/** @throws HTTPException 422 for a cursor of another list */
export function readCursor(sort: ImageSort, cursor: string): ImagePlace {
  const place = Place.safeParse(readUrlJson(cursor));
  if (!place.success || place.data[0] !== sort) {
    throw refusal(422, 'Invalid request: cursor: use the value of "next", with the same sort');
  }
  const [, value, id] = place.data;
  return { value, id };
}
