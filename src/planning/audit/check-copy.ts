/** One copy on its target: whether its tag still points to it, and whether it can be pulled. */
import type { CheckedContents } from '@image-ferry/registry';
import { parseDigest } from '@image-ferry/registry/digest';
import type { PullQuota } from '@image-ferry/registry/pull-quota';

import type { Fault } from '../../contract/activity-types.js';
import { faultOrThrow } from '../../contract/to-fault.js';
import type { AuditedCopy, FoundDrift } from '../../database/audits/audit-views.js';
import { FerryError } from '../../domain/ferry-error.js';
import type { CopyEngine } from '../engine-ports.js';
import { tagRefOf } from '../tag-ref.js';
import type { HostPace } from './host-pace.js';

export type CopyCheck =
  | { readonly kind: 'right'; readonly isDeep: boolean }
  | { readonly kind: 'drift'; readonly isDeep: boolean; readonly drift: FoundDrift }
  /** Nothing is known about it. */
  | { readonly kind: 'unknown'; readonly fault: Fault };

export interface CheckPorts {
  readonly engine: Pick<CopyEngine, 'head' | 'contents' | 'reach'>;
  /** Manifests that are read count as pulls where the target limits them. */
  readonly pulls: Pick<PullQuota, 'acquire'>;
  readonly pace: HostPace;
}

/**
 * Compares the digest of the tag by a HEAD request; in depth it reads each manifest and one byte of each blob.
 *
 * @param onRequest called before each request
 */
export async function checkCopy(
  { engine, pulls, pace }: CheckPorts,
  copy: AuditedCopy,
  {
    isDeep,
    signal,
    onRequest,
  }: { readonly isDeep: boolean; readonly signal: AbortSignal; readonly onRequest: () => void },
): Promise<CopyCheck> {
  const tag = tagRefOf(copy.target, copy.reference);
  const { host } = tag;
  const beforeRequest = async (): Promise<void> => {
    await pace.turn(host, signal);
    onRequest();
  };
  try {
    await beforeRequest();
    const head = await engine.head(tag, { signal });
    if (head === undefined) {
      // A proxy whose registry is away answers 404 to everything.
      await beforeRequest();
      await engine.reach(host, { signal });
    }
    const drift = head === undefined ? lost(copy) : changed(copy, head.digest);
    if (drift !== undefined)
      return drift.kind === 'changed' && copy.isPending ? inFlight(copy) : { kind: 'drift', isDeep: false, drift };
    if (!isDeep) return { kind: 'right', isDeep };
    await takePull(pulls, host);
    const found = await engine.contents(tag, parseDigest(copy.digest), { signal, beforeRequest });
    const incomplete = incompleteness(copy, found);
    return incomplete === undefined ? { kind: 'right', isDeep } : { kind: 'drift', isDeep, drift: incomplete };
  } catch (error) {
    return { kind: 'unknown', fault: faultOrThrow(error, signal) };
  }
}

function lost({ reference, digest }: AuditedCopy): FoundDrift {
  return { kind: 'lost', reason: `${reference} is not there any more; it pointed to ${digest}` };
}

function changed({ reference, digest }: AuditedCopy, found: string): FoundDrift | undefined {
  if (found === digest) return undefined;
  return {
    kind: 'changed',
    found,
    reason: `${reference} points to ${found} instead of ${digest}: another program has set it`,
  };
}

/** A run may just have set the tag, and not recorded it yet. */
function inFlight({ image }: AuditedCopy): CopyCheck {
  const reason = `${image} is pending: a sync run may be about to copy it`;
  return { kind: 'unknown', fault: { code: 'busy', decision: 'wait', reason } };
}

function incompleteness({ reference }: AuditedCopy, { missing }: CheckedContents): FoundDrift | undefined {
  const [first] = missing;
  if (first === undefined) return undefined;
  const size = first.size === undefined ? '' : `, ${first.size} bytes`;
  const more = missing.length === 1 ? '' : `; and ${missing.length - 1} more`;
  const reason = `${reference} cannot be pulled: the ${first.kind} ${first.digest}${size} is missing (${first.reason})${more}`;
  return { kind: 'incomplete', reason };
}

async function takePull(pulls: CheckPorts['pulls'], host: string): Promise<void> {
  const refusal = await pulls.acquire(host);
  if (refusal === undefined) return;
  const { reason, freeInMs } = refusal;
  throw new FerryError(reason, { code: 'rate-limited', decision: 'wait', retryAfterMs: freeInMs });
}
