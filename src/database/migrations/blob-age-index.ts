import type { IndexShape } from '../table-shape.js';

/** Locations of blobs are forgotten by their age, a batch at a time: without it each batch would read the whole table. */
export const BLOB_AGE_INDEX: IndexShape = { name: 'idx_seen_at', columns: ['seen_at'] };
