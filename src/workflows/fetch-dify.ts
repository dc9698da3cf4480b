import type { FetchInput, FetchResult } from '../contract/fetch.js';
import { BuiltInUpstream } from '../domain/upstream.js';
import { fetchFrom } from './fetch-run.js';

/** What is new in the compose file of Dify's newest release becomes wanted. */
export async function FetchDify(input: FetchInput = {}): Promise<FetchResult> {
  return await fetchFrom(BuiltInUpstream.dify, input);
}
