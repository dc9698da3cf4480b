import type { Digest } from '@image-ferry/registry/digest';
import { parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { Fault, TagActivities, UncheckedTag } from '../contract/activity-types.js';
import { faultOrThrow } from '../contract/to-fault.js';
import type { ComparedTag, TagCheckStore } from '../database/tag-check-store.js';
import { inParallel } from '../domain/in-parallel.js';
import { isMutable } from '../domain/mutable-tags.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import { areOnlyByDocker } from '../domain/target.js';
import type { Target } from '../domain/target.js';
import { PushStatus } from '../domain/wanted-image.js';
import { wantedSelection } from '../domain/wanted-platforms.js';
import { chosenTargets } from '../domain/wanted-targets.js';
import type { CopyEngine } from '../planning/engine-ports.js';
import { tagRefOf } from '../planning/tag-ref.js';
import { activity } from './activity.js';
import { withHeartbeat } from './with-heartbeat.js';

/** Images in one activity, and HEADs at once: the engine limits those to one host. */
const page = 500;
const headsAtOnce = 32;
/** Results that are written together: a crash repeats only what is not written. */
const recordedTogether = 100;
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
    const firstLooks = new Map<string, Promise<unknown>>();
    // Where only a daemon may reach the registries, the source is none of ours to ask.
    const reachable = found.filter((tag) => !areOnlyByDocker(chosenTargets(tag.targets, targets)));
    const uncompared = reachable.filter(({ sourceDigest }) => sourceDigest === undefined);
    const adopted = await tags.adoptedTags(uncompared.map(({ image }) => image));
    const same: ComparedTag[] = [];
    const other: string[] = [];
    let moved = 0;
    await inParallel(reachable, headsAtOnce, async ({ image, sourceDigest }) => {
      signal.throwIfAborted();
      const digest = await lookAt(image);
      const isRight = typeof digest === 'string' ? await isStill(image, digest, sourceDigest) : digest;
      if (typeof digest !== 'string' || typeof isRight !== 'boolean') {
        const fault = typeof digest === 'string' ? isRight : digest;
        if (typeof fault !== 'boolean') unchecked.push({ image, fault });
      } else if (isRight) {
        same.push({ image, digest, sourceDigest });
      } else {
        other.push(image);
      }
      if (same.length + other.length >= recordedTogether) await record();
    });
    await record();
    const last = found.length < page ? undefined : found.at(-1);
    return {
      moved,
      unchecked: unchecked.slice(0, uncheckedTold),
      uncheckedCount: unchecked.length,
      next: last?.rowId,
    };

    async function record(): Promise<void> {
      const images = other.splice(0);
      await tags.unmoved(same.splice(0));
      await tags.moved(images);
      moved += images.length;
    }

    /** What was only taken over is compared with what its targets hold: it is not taken for right unseen. */
    async function isStill(image: string, digest: Digest, known: string | undefined): Promise<boolean | Fault> {
      if (known !== undefined) return known === digest;
      try {
        return await holdsSame(image, digest);
      } catch (error) {
        return faultOrThrow(error, signal);
      }
    }

    async function holdsSame(image: string, sourceDigest: Digest): Promise<boolean> {
      const { platforms: ofRows = [], tags: onTargets = [] } = adopted.get(image) ?? {};
      const status = PushStatus.pushed;
      const platforms = wantedSelection(ofRows.map((platform) => ({ platform, status })));
      for (const { target, reference } of onTargets) {
        const tagRef = tagRefOf(target, reference);
        const contents = await engine.look(tagRef, { signal });
        if (contents === undefined) return false;
        const request = { source: parseImageReference(image), sourceDigest, platforms };
        if (!(await engine.isSame(request, { tag: tagRef, contents }, { signal }))) return false;
      }
      return true;
    }

    /** The first image of a host goes alone: a host in trouble gets one request. */
    async function lookAt(image: string): Promise<Digest | Fault> {
      let reference: ImageReference;
      try {
        // Another program may have written an invalid reference into the row. The other images are still checked.
        reference = parseImageReference(image);
      } catch (error) {
        return faultOrThrow(error, signal);
      }
      const { host } = reference;
      const first = firstLooks.get(host);
      if (first !== undefined) {
        await first;
        return troubled.get(host) ?? (await ask(reference));
      }
      const look = ask(reference);
      firstLooks.set(host, look);
      return await look;
    }

    async function ask(reference: ImageReference): Promise<Digest | Fault> {
      try {
        return await engine.resolve(reference, { signal });
      } catch (error) {
        const fault = faultOrThrow(error, signal);
        if (ofHost.has(fault.code)) troubled.set(reference.host, fault);
        return fault;
      }
    }
  }
}
