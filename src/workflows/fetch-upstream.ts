import { workflowInfo } from '@temporalio/workflow';

import type { FetchInput, FetchResult, FetchUpstreamInput } from '../contract/fetch-messages.js';
import { builtInUpstreamOf } from '../contract/workflow-names.js';
import { fetchFrom } from './fetch-run.js';
import { refused } from './typed-input.js';

/** Adds what is new at an upstream of the configuration to the wanted images. */
export async function FetchUpstream(input: FetchUpstreamInput): Promise<FetchResult> {
  assertInput(input);
  return await fetchFrom(input.name, input);
}

/**
 * Runs every workflow type that no function is exported for: `FetchDify`, `FetchXinference` and whatever else the table of
 * built-in upstreams has. An unknown type fails its workflow task, so that a worker of a later version can run it.
 */
export async function FetchBuiltInUpstream(input: FetchInput = {}): Promise<FetchResult> {
  const { workflowType } = workflowInfo();
  const upstream = builtInUpstreamOf(workflowType);
  if (upstream === undefined) throw new TypeError(`this worker has no workflow type ${workflowType}`);
  return await fetchFrom(upstream, input);
}

function assertInput(input: unknown): asserts input is FetchUpstreamInput {
  const name = typeof input === 'object' && input !== null && 'name' in input ? input.name : undefined;
  if (typeof name === 'string' && name !== '') return;
  throw refused('FetchUpstream expects {"name": "my-upstream"}: the name of an upstream in the configuration');
}
