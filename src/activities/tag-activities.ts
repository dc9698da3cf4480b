import type { Digest } from '@image-ferry/registry/digest';
import { parseImageReference } from '@image-ferry/registry/reference';

import type { Fault, TagActivities, UncheckedTag } from '../contract/activity-types.js';
import { toFault } from '../contract/to-fault.js';
import type { TagCheckStore } from '../database/tag-check-store.js';
import { inParallel } from '../domain/in-parallel.js';
import { isMutable } from '../domain/mutable-tags.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import { areOnlyByDocker } from '../domain/target.js';
import type { Target } from '../domain/target.js';
import { PushStatus } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import { chosenTargets } from '../domain/wanted-targets.js';
import type { CopyEngine } from '../planning/engine-ports.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

/** Images in one activity, and HEADs at once. */
const page = 500;
const headsAtOnce = 8;
const uncheckedTold = 100;
/** Faults of a whole registry rather than of one image. The activity sends no requests for its other images. */
const ofHost: ReadonlySet<Fault['code']> = new Set(['unreachable', 'tls', 'rate-limited', 'server-error', 'stalled']);

export interface TagPorts {
  readonly tags: TagCheckStore;
  readonly engine: Pick<CopyEngine, 'resolve' | 'look' | 'isSame'>;
  readonly mutableTags: MutableTags;
  readonly targets: readonly Target[];
}

export function createTagActivities({ tags, engine, mutableTags, targets }: TagPorts): TagActivities {
  return {
    findMovedTags: activity(
      async (query) => await withHeartbeat(undefined, async ({ signal }) => await find(query, signal)),
    ),
  };

  /** One HEAD for each image whose source may be asked; what moved is pending afterwards. */
  async function find(
    { startedAt, after }: Parameters<TagActivities['findMovedTags']>[0],
    signal: AbortSignal,
  ): ReturnType<TagActivities['findMovedTags']> {
    if (mutableTags.patterns.length === 0) return { moved: 0, unchecked: [], uncheckedCount: 0 };
    // An image that this run itself has looked at is not looked at again.
    const before = startedAt - mutableTags.everyMs;
    const matches = (image: string): boolean => isMutable(image, mutableTags);
    const found = await tags.pushedTags({ before, after, limit: page, matches });

    const unchecked: UncheckedTag[] = [];
    const troubled = new Map<string, Fault>();
    // Where only a daemon may reach the registries, the source is none of ours to ask.
    const reachable = found.filter((tag) => !areOnlyByDocker(chosenTargets(tag.targets, targets)));
    let moved = 0;
    await inParallel(reachable, headsAtOnce, async ({ image, sourceDigest }) => {
      signal.throwIfAborted();
      const digest = await lookAt(image);
      const isRight = typeof digest === 'string' ? await isStill(image, digest, sourceDigest) : digest;
      if (typeof digest !== 'string' || typeof isRight !== 'boolean') {
        const fault = typeof digest === 'string' ? isRight : digest;
        if (typeof fault !== 'boolean') unchecked.push({ image, fault });
      } else if (isRight) {
        await tags.unmoved(image, digest);
      } else {
        await tags.moved(image);
        moved += 1;
      }
    });
    const last = found.length < page ? undefined : found.at(-1);
    return {
      moved,
      unchecked: unchecked.slice(0, uncheckedTold),
      uncheckedCount: unchecked.length,
      next: last?.rowId,
    };

    /** What was only taken over is compared with what its targets hold: it is not taken for right unseen. */
    async function isStill(image: string, digest: Digest, known: string | undefined): Promise<boolean | Fault> {
      if (known !== undefined) return known === digest;
      try {
        return await holdsSame(image, digest);
      } catch (error) {
        signal.throwIfAborted();
        const fault = toFault(error);
        if (fault === undefined || fault.code === 'database') throw error;
        return fault;
      }
    }

    async function holdsSame(image: string, sourceDigest: Digest): Promise<boolean> {
      const adopted = await tags.adoptedTags(image);
      const status = PushStatus.pushed;
      const platforms = wantedSelection(adopted.platforms.map((platform) => ({ platform, status })));
      for (const { target, reference } of adopted.tags) {
        const { host, path: repository, tag = 'latest' } = parseImageReference(reference);
        const tagRef = { target, host, repository, tag };
        const contents = await engine.look(tagRef, { signal });
        if (contents === undefined) return false;
        const request = { source: parseImageReference(image), sourceDigest, platforms };
        if (!(await engine.isSame(request, { tag: tagRef, contents }, { signal }))) return false;
      }
      return true;
    }

    async function lookAt(image: string): Promise<Digest | Fault> {
      let host: string | undefined;
      try {
        // Another program may have written an invalid reference into the row. The other images are still checked.
        const reference = parseImageReference(image);
        host = reference.host;
        return troubled.get(host) ?? (await engine.resolve(reference, { signal }));
      } catch (error) {
        signal.throwIfAborted();
        const fault = toFault(error);
        // What the database does not give says nothing about the source.
        if (fault === undefined || fault.code === 'database') throw error;
        if (host !== undefined && ofHost.has(fault.code)) troubled.set(host, fault);
        return fault;
      }
    }
  }
}
