import type { Fault, TagActivities, UncheckedTag } from '../contract/activity-types.js';
import { parseImageReference } from '../domain/image-reference.js';
import type { MutableTags } from '../domain/mutable-tags.js';
import { isMutable } from '../domain/mutable-tags.js';
import type { Target } from '../domain/target.js';
import { areOnlyByDocker } from '../domain/target.js';
import { chosenTargets } from '../domain/wanted-targets.js';
import { activity } from './activity.js';
import type { CopyEngine } from './engine-ports.js';
import type { TagChecks } from './ports.js';
import { toFault } from './to-failure.js';
import { withHeartbeat } from './with-heartbeat.js';

/** Images in one activity, and HEADs at once. */
const page = 500;
const headsAtOnce = 8;
const uncheckedTold = 100;
/** Faults of a registry rather than of one image: its other images are not asked for in vain. */
const ofHost: ReadonlySet<Fault['code']> = new Set(['unreachable', 'tls', 'rate-limited', 'server-error', 'stalled']);

export interface TagPorts {
  readonly tags: TagChecks;
  readonly engine: Pick<CopyEngine, 'resolve'>;
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
    // An image that this pass itself has looked at is not looked at again.
    const before = startedAt - mutableTags.everyMs;
    const matches = (image: string): boolean => isMutable(image, mutableTags);
    const found = await tags.pushedTags({ before, after, limit: page, matches });

    const unchecked: UncheckedTag[] = [];
    const troubled = new Map<string, Fault>();
    // Where only a daemon may reach the registries, the source is none of ours to ask.
    const queue = found.filter((tag) => !areOnlyByDocker(chosenTargets(tag.targets, targets)));
    let moved = 0;
    await Promise.all(
      Array.from({ length: headsAtOnce }, async () => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          signal.throwIfAborted();
          const { image, sourceDigest } = next;
          const digest = await lookAt(image);
          if (typeof digest !== 'string') {
            unchecked.push({ image, fault: digest });
          } else if (sourceDigest === undefined || sourceDigest === digest) {
            await tags.unmoved(image, digest);
          } else {
            await tags.moved(image);
            moved += 1;
          }
        }
      }),
    );
    const last = found.length < page ? undefined : found.at(-1);
    return {
      moved,
      unchecked: unchecked.slice(0, uncheckedTold),
      uncheckedCount: unchecked.length,
      ...(last === undefined ? {} : { next: last.rowId }),
    };

    async function lookAt(image: string): Promise<string | Fault> {
      let host: string | undefined;
      try {
        // What somebody else wrote into the row may be no reference: the other images are looked at all the same.
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
