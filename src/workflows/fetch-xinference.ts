import type { FetchInput, FetchResult } from '../contract/fetch.js';
import { BuiltInUpstream } from '../domain/upstream.js';
import { fetchFrom } from './fetch-run.js';

/** The image of Xinference's newest release becomes wanted. */
export async function FetchXinference(input: FetchInput = {}): Promise<FetchResult> {
  return await fetchFrom(BuiltInUpstream.xinference, input);
}
