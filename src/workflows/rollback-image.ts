import { printImageReference, parseImageReference } from '@image-ferry/registry/reference';
import { sleep, workflowInfo } from '@temporalio/workflow';

import type { RollbackInput, RollbackResult } from '../contract/audit-messages.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { printRunCause } from '../domain/run-cause.js';
import { database, requests, rollbackChecks } from './activity-proxies.js';
import { showDetails } from './show-details.js';
import { readFields, readOptionalText, refuseUnknownFields, refused } from './typed-input.js';

/** How often the result is looked for, and after how many times the run is requested again, in case it was cancelled. */
const pollMs = 2_000;
const pollsPerRequest = 30;
/** After this number of requests the sync runs go on alone: a target may be away for days. */
const maxRequests = 30;

const expected =
  'RollbackImage expects {"image": "docker.io/library/nginx:1.27", "target": "aliyun"}, and optionally "to"';

/**
 * RollbackImage puts a tag on a target back to an earlier digest, and holds it there. Only sync runs write to targets, one
 * image at a time: it asks them to, and waits. What no registry has any more is refused before anything is changed.
 */
export async function RollbackImage(input: RollbackInput): Promise<RollbackResult> {
  const { image, target, to: wanted, who } = readInput(input);
  const prepared = await rollbackChecks.prepareRollback({ image, target, to: wanted });
  if (prepared.kind === 'refused') {
    const { code, reason } = prepared;
    showDetails(`Refused: ${reason}`);
    return { image, target, state: 'refused', code, reason };
  }
  const { to, before } = prepared;
  showDetails(`Putting ${image} on ${target} back to ${to}, which ${prepared.from} has`);
  for (let request = 1; ; request++) {
    const isAgain = request > 1;
    const isRequested = await database.requestRollback({ image, target, to, who, isAgain });
    if (!isRequested && !isAgain) {
      const reason = 'the copy is not recorded any more, or the image is no longer wanted';
      return { image, target, state: 'refused', code: 'rollback-impossible', reason };
    }
    if (isRequested) {
      await requests.requestSync({
        id: `${workflowInfo().runId}/${request}`,
        reason: printRunCause('rollback', { image, target }),
      });
    }
    for (let poll = 0; poll < pollsPerRequest; poll++) {
      await sleep(pollMs);
      const result = await database.readRollback({ image, target, to, before });
      if (result.state !== 'pending') {
        showDetails(`${result.state}: ${image} on ${target}`);
        return result;
      }
      if (request === maxRequests && poll === pollsPerRequest - 1) return result;
    }
  }
}

function readInput(input: unknown): RollbackInput & { readonly who: string } {
  const { image, target, to, who } = readFields(input, expected);
  refuseUnknownFields(input, ['image', 'target', 'to', 'who'], expected);
  if (typeof image !== 'string' || typeof target !== 'string') throw refused(expected);
  try {
    return {
      image: printImageReference(parseImageReference(image)),
      target,
      to: readOptionalText(to, expected),
      who: readOptionalText(who, expected) ?? 'workflow',
    };
  } catch (error) {
    if (error instanceof InvalidInput) throw refused(`${expected}: ${error.message}`);
    throw error;
  }
}
