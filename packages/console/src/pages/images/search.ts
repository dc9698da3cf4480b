import type { ImageListing } from '../../api/keys.js';
import type { ImageFilter } from '../../api/types.js';

/** What the address of the page says: filters, sort and selection, so that a link shows the same to another person. */
export interface ImageSearch {
  readonly search?: string | undefined;
  readonly state?: NonNullable<ImageFilter['state']> | undefined;
  readonly target?: string | undefined;
  readonly host?: string | undefined;
  readonly upstream?: string | undefined;
  readonly code?: string | undefined;
  readonly age?: Age | undefined;
  readonly sort?: ImageListing['sort'] | undefined;
  readonly order?: ImageListing['order'] | undefined;
  /** Selected images. */
  readonly selected?: readonly string[] | undefined;
}

export const listedStates = [
  'wanted',
  'missing',
  'pending',
  'waiting',
  'retrying',
  'blocked',
  'pushed',
  'withdrawn',
] as const satisfies readonly NonNullable<ImageFilter['state']>[];

export const ages = ['hour', 'day', 'week', 'month'] as const;
export type Age = (typeof ages)[number];
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const ageMs = { hour: hourMs, day: 24 * hourMs, week: 7 * 24 * hourMs, month: 30 * 24 * hourMs };

const sorts = ['added', 'image', 'checked'] as const;
const orders = ['asc', 'desc'] as const;
/** An address stays below what proxies accept. */
export const mostSelected = 100;

/** Everything may stand in an address: what is not understood is left out. */
export function readImageSearch(given: Record<string, unknown>): ImageSearch {
  const text = (value: unknown): string | undefined => (isWord(value) ? String(value) : undefined);
  const oneOf = <T extends string>(known: readonly T[], value: unknown): T | undefined =>
    known.find((one) => one === value);
  const { selected } = given;
  const search = {
    search: text(given['search']),
    state: oneOf(listedStates, given['state']),
    target: text(given['target']),
    host: text(given['host']),
    upstream: text(given['upstream']),
    code: text(given['code']),
    age: oneOf(ages, given['age']),
    sort: oneOf(sorts, given['sort']),
    order: oneOf(orders, given['order']),
    selected: Array.isArray(selected)
      ? selected.filter((one): one is string => typeof one === 'string').slice(0, mostSelected)
      : undefined,
  };
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined));
}

/** What is listed. @param now UTC milliseconds; the filter is rounded to the minute, so that it stays the same on a page */
export function listingOf(search: ImageSearch, now: number): ImageListing {
  const filter = filterOf(search, Math.floor(now / minuteMs) * minuteMs);
  return { filter, sort: search.sort ?? 'added', order: search.order ?? 'desc' };
}

/** The same as the API's filter. @param now UTC milliseconds */
export function filterOf(search: ImageSearch, now: number): ImageFilter {
  const { search: text, state, target, host, upstream, code, age } = search;
  const olderThan = age === undefined ? undefined : now - ageMs[age];
  return { search: text, state, target, host, upstream, code, olderThan };
}

/** Selects an image, or takes it out of the selection. */
export function withToggled(search: ImageSearch, image: string): ImageSearch {
  const { selected = [] } = search;
  const next = selected.includes(image) ? selected.filter((one) => one !== image) : [...selected, image];
  return { ...search, selected: next.length === 0 ? undefined : next };
}

function isWord(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}
