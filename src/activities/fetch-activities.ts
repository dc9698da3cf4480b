import { createHash } from 'node:crypto';

import { parseImageReference } from '@image-ferry/registry/reference';

import type { FetchActivities, UpstreamCheck } from '../contract/activity-types.js';
import type { FetchedImage } from '../contract/fetch-messages.js';
import { reportedFinding } from '../contract/reported-finding.js';
import { toFault } from '../contract/to-fault.js';
import { longestNamedPauseMs, tooLongReason } from '../contract/upstream-pauses.js';
import type { ReleaseStore } from '../database/release-store.js';
import type { UpstreamCheckStore } from '../database/upstream-check-store.js';
import type { UpstreamStore } from '../database/upstream-store.js';
import type { WantedImageStore } from '../database/wanted/wanted-image-store.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { ReleaseFile } from '../domain/release-file.js';
import type { SourceRules } from '../domain/source-allow-list.js';
import type { RuledSourceGate } from '../domain/source-gate.js';
import type { FoundImage, UpstreamFinding } from '../domain/upstream-finding.js';
import { platformsOfImage } from '../domain/upstream-platforms.js';
import type { FetchScope, Upstream } from '../domain/upstream.js';
import { PushStatus } from '../domain/wanted-image.js';
import type { WantedRequest, WantedResult } from '../domain/wanted-image.js';
import type { UpstreamWatcher } from '../upstreams/upstream-watcher.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

export interface FetchPorts {
  readonly upstreams: readonly Upstream[];
  readonly watcher: UpstreamWatcher;
  readonly states: UpstreamStore;
  /** Keeps the checks for longer than Temporal does. */
  readonly checks: Pick<UpstreamCheckStore, 'record'>;
  readonly releases: Pick<ReleaseStore, 'save'>;
  readonly wanted: Pick<WantedImageStore, 'addWanted'>;
  readonly sources: RuledSourceGate;
  /** Canonical platforms, or `all` alone: what an upstream without platforms of its own wants. */
  readonly platforms: readonly string[];
}

interface CheckOptions {
  readonly scope: FetchScope | undefined;
  readonly signal: AbortSignal;
  readonly recordFailure: (fault: string) => Promise<void>;
}

export function createFetchActivities({
  upstreams,
  watcher,
  states,
  checks,
  releases,
  wanted,
  sources,
  platforms,
}: FetchPorts): FetchActivities {
  return {
    checkUpstream: activity(
      async ({ upstream, scope, check: identity }) =>
        await withHeartbeat(undefined, async ({ signal }) => {
          const recordFailure = async (fault: string): Promise<void> => {
            if (identity !== undefined) await checks.record({ ...identity, upstream, fault });
          };
          return await check(upstreamNamed(upstream), { scope, signal, recordFailure });
        }),
    ),
    recordFinding: activity(
      async ({ upstream, finding, fingerprint, check: identity }) =>
        await withHeartbeat(undefined, async () => {
          const called = upstreamNamed(upstream);
          const images = finding.isNew ? await record(called, finding) : [];
          // After the rows: what was found must not be taken for handled when they could not be committed.
          const { release, etag } = finding;
          await states.save(called.name, { release, etag, fingerprint });
          if (identity !== undefined) {
            await checks.record({ ...identity, upstream, report: reportedFinding(finding, images) });
          }
          return { wanted: images, pending: images.some(isPending) };
        }),
    ),
  };

  async function check(upstream: Upstream, { scope, signal, recordFailure }: CheckOptions): Promise<UpstreamCheck> {
    const state = await states.read(upstream.name);
    const fingerprint = fingerprintOf(upstream, upstream.platforms ?? platforms, sources.rules);
    const kept: ReleaseFile[] = [];
    let finding: UpstreamFinding;
    try {
      finding = await watcher.check(upstream, {
        handled: state,
        // A person who names a scope wants an answer; a changed configuration may want other images of the same release.
        again: scope !== undefined || (state !== undefined && state.fingerprint !== fingerprint),
        scope,
        signal,
        keep: (release) => kept.push(release),
      });
    } catch (error) {
      signal.throwIfAborted();
      const fault = toFault(error);
      if (fault?.decision === 'block') await recordFailure(fault.reason);
      if (fault === undefined || fault.decision === 'block') throw error;
      // The workflow gives up then.
      if ((fault.retryAfterMs ?? 0) > longestNamedPauseMs)
        await recordFailure(tooLongReason(upstream.name, fault.reason));
      return { kind: 'later', fault };
    }
    // Not in the finding: a compose file is too large for a workflow's history.
    await releases.save(upstream.name, kept);
    return { kind: 'found', finding, fingerprint };
  }

  async function record(upstream: Upstream, finding: UpstreamFinding): Promise<FetchedImage[]> {
    const { name, targets } = upstream;
    const platformsOf = (image: string): readonly string[] => platformsOfImage(upstream, image, platforms);
    const references = finding.wanted.map(({ image }) => parseImageReference(image));
    const refusals = await sources.refusals(references);
    const refused = finding.wanted.flatMap(({ image }, position): FetchedImage[] => {
      const reason = refusals[position];
      if (reason === undefined) return [];
      return platformsOf(image).map((platform) => ({ image, platform, outcome: 'refused', reason }));
    });
    const requests = finding.wanted.flatMap((found, position): WantedRequest[] => {
      const reference = references[position];
      if (reference === undefined || refusals[position] !== undefined) return [];
      const imageRequest = {
        reference,
        requestedBy: whyOf(name, finding, found),
        targets,
      };
      return platformsOf(found.image).map((platform) => ({ ...imageRequest, platform }));
    });
    if (requests.length === 0) return refused;

    const results = await wanted.addWanted(requests);
    const blocked = results.filter(({ previous }) => previous === PushStatus.blocked);
    const revived = new Set((await states.reviveMissing(blocked)).map(keyOf));
    return [...results.map((result) => fetched(result, revived.has(keyOf(result)))), ...refused];
  }

  function upstreamNamed(name: string): Upstream {
    const upstream = upstreams.find((candidate) => candidate.name === name);
    if (upstream !== undefined) return upstream;
    const known = upstreams.map((candidate) => candidate.name).join(', ');
    throw new InvalidInput(`unknown upstream ${name}; configured on this worker: ${known}`, 'configuration');
  }
}

/** A request of an upstream renews a row only if it adds targets; for any other row the result is the row's earlier state. */
function fetched({ image, platform, outcome, previous }: WantedResult, isRevived: boolean): FetchedImage {
  if (isRevived || outcome === 'renewed') return { image, platform, outcome: 'renewed' };
  switch (previous) {
    case PushStatus.pushed:
      return { image, platform, outcome: 'already-pushed' };
    case PushStatus.blocked:
      return { image, platform, outcome: 'blocked' };
    case PushStatus.withdrawn:
      return { image, platform, outcome: 'withdrawn' };
    default:
      return { image, platform, outcome };
  }
}

/**
 * Rows that were pending before count, too: this activity may be retried after its rows were committed, and the sync that
 * they need must still be requested.
 */
function isPending({ outcome }: FetchedImage): boolean {
  return outcome === 'added' || outcome === 'renewed' || outcome === 'already-pending';
}

function whyOf(
  upstream: string,
  { release }: UpstreamFinding,
  { service, oldTag, newTag }: FoundImage,
): WantedRequest['requestedBy'] {
  return {
    by: 'upstream',
    id: upstream,
    release,
    service,
    oldTag,
    newTag,
  };
}

function keyOf({ image, platform }: { readonly image: string; readonly platform: string }): string {
  return `${image}|${platform}`;
}

/**
 * Of all that decides which images are wanted; when an upstream is looked at does not. The allow list does: what it
 * refused is looked at again when it has changed.
 */
function fingerprintOf(upstream: Upstream, platforms: readonly string[], sources: SourceRules): string {
  const { schedule: _schedule, ...decides } = upstream;
  return createHash('sha256')
    .update(JSON.stringify({ ...decides, platforms, sources }))
    .digest('hex');
}
