import type { FetchResult, FetchUpstreamInput } from '../contract/fetch.js';
import { fetchFrom } from './fetch-run.js';
import { refused } from './typed-input.js';

/** What is new at an upstream of `ferry.yaml` becomes wanted. */
export async function FetchUpstream(input: FetchUpstreamInput): Promise<FetchResult> {
  assertInput(input);
  return await fetchFrom(input.name, input);
}

function assertInput(input: unknown): asserts input is FetchUpstreamInput {
  const name = typeof input === 'object' && input !== null && 'name' in input ? input.name : undefined;
  if (typeof name === 'string' && name !== '') return;
  throw refused('FetchUpstream wants {"name": "my-upstream"}: the name of an upstream in ferry.yaml');
}
