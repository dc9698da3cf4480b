/** What the status of a refusal means; the catalogues have a sentence for each where it is shown. */
export type RefusalKind =
  'unauthorized' | 'forbidden' | 'absent' | 'conflict' | 'tooLarge' | 'invalid' | 'tooMany' | 'broken' | 'unavailable';

/** Statuses that the server answers with. */
const kinds: ReadonlyMap<number, RefusalKind> = new Map([
  [400, 'invalid'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'absent'],
  [409, 'conflict'],
  [413, 'tooLarge'],
  [415, 'invalid'],
  [422, 'invalid'],
  [429, 'tooMany'],
  [500, 'broken'],
  [503, 'unavailable'],
]);

/** @param status of HTTP. @returns undefined for one that the server does not answer with */
export function refusalKind(status: number): RefusalKind | undefined {
  return kinds.get(status);
}
