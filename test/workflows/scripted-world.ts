import { Context } from '@temporalio/activity';

import type {
  CopyActivities,
  CopyImageInput,
  CopyImageResult,
  ImagePlan,
  MainActivities,
  SyncImagesResult,
  TagActivities,
} from '../../src/contract/activity-types.js';
import { nothingSettled } from '../../src/contract/settled-images.js';
import type { SyncRequest } from '../../src/contract/sync-messages.js';
import type { ImageOutcome, TargetOutcome } from '../../src/domain/wanted-image.js';

/** Activities over plain lists, so that a test decides what the workflows see and when. */
export class ScriptedWorld {
  /** Pending images, in row order; `explicit` ones were requested. */
  readonly pending: { image: string; explicit: boolean; row: number }[] = [];
  readonly plans = new Map<string, (attempt: number) => ImagePlan>();
  readonly copies = new Map<string, (input: CopyImageInput) => Promise<CopyImageResult>>();
  readonly runs: SyncRequest[][] = [];
  pruned = 0;
  readonly finished: { run: string; cancelled: boolean; failure?: string }[] = [];
  readonly recorded: ImageOutcome[] = [];
  readonly copied: string[] = [];
  readonly faults: { image: string; reason: string }[] = [];
  readonly signalled: SyncRequest[] = [];
  /** Deliveries of `AddImage` that were handled, before this world began or in it. */
  readonly deliveries = new Set<string>();
  readonly again: { at: number; reason: string }[] = [];
  /** Rows that the next query refuses. */
  readonly refused: string[] = [];
  onCheckTags: TagActivities['findMovedTags'] extends (input: never) => infer R ? (after: number) => R : never =
    async () => ({ moved: 0, unchecked: [], uncheckedCount: 0 });
  /** Rows after which a page of adoption began. */
  readonly adoptedAfter: number[] = [];
  poolSize = 4;
  atOnce = 0;
  mostAtOnce = 0;
  /** Images of each activity that many share. */
  readonly batches: (readonly string[])[] = [];
  /** What becomes of images that share an activity: by default each gets a workflow of its own. */
  onSyncImages: (images: readonly string[]) => Promise<SyncImagesResult> = async (images) => ({
    settled: nothingSettled,
    single: images.map((image) => ({ image })),
  });
  onRecordFault: () => Promise<void> = async () => undefined;
  onFindPending: () => Promise<void> = async () => undefined;
  onFinishRun: () => Promise<void> = async () => undefined;
  onPrune: () => Promise<void> = async () => undefined;
  #attempts = new Map<string, number>();
  #rows = 0;

  want(...images: string[]): void {
    for (const image of images) this.#insert(image, false);
  }

  ask(image: string): void {
    this.#insert(image, true);
  }

  /** The next plan of every image is its first again. */
  forgetAttempts(): void {
    this.#attempts.clear();
  }

  activities(): MainActivities & CopyActivities {
    return {
      beginRun: async ({ requests }) => {
        this.runs.push([...requests]);
        return { id: `run-${this.runs.length}`, startedAt: 0, poolSize: this.poolSize };
      },
      adoptPresent: async ({ after }) => {
        this.adoptedAfter.push(after);
        return { adopted: 0, refused: { count: 0, first: [] } };
      },
      findMovedTags: async ({ after }) => await this.onCheckTags(after),
      findPending: async ({ limit, after }) => {
        await this.onFindPending();
        const asked = this.pending.filter(({ explicit }) => explicit).slice(0, limit);
        const rows = this.pending.filter(({ explicit, row }) => !explicit && row > (after ?? row)).slice(0, limit);
        const first = this.refused.splice(0).map((image) => ({ image, to: 'blocked', reason: 'no image' }) as const);
        return {
          asked: asked.map(({ image }) => image),
          discovered: rows.map(({ image }) => image),
          next: rows.length < limit ? undefined : rows.at(-1)?.row,
          refused: { count: first.length, first },
        };
      },
      recordFault: async ({ image, fault: { reason } }) => {
        await this.onRecordFault();
        this.faults.push({ image, reason });
        this.#done(image);
      },
      finishRun: async ({ run, cancelled, failure }) => {
        await this.onFinishRun();
        this.finished.push({ run, cancelled, ...(failure === undefined ? {} : { failure }) });
      },
      pruneHistory: async () => {
        await this.onPrune();
        this.pruned += 1;
      },
      syncImages: async ({ images }) => {
        this.batches.push(images);
        return await this.onSyncImages(images);
      },
      planImage: async ({ image }) => {
        const attempt = this.#attempts.get(image) ?? 0;
        this.#attempts.set(image, attempt + 1);
        return this.plans.get(image)?.(attempt) ?? planned(image);
      },
      recordImage: async ({ outcome }) => {
        this.recorded.push(outcome);
        this.#done(outcome.image);
        return [];
      },
      copyImage: async (input) => {
        this.atOnce += 1;
        this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
        try {
          this.copied.push(input.image);
          const copy = this.copies.get(input.image);
          return copy === undefined ? copiedEverywhere(input) : await copy(input);
        } finally {
          this.atOnce -= 1;
        }
      },
      requestSync: async (request) => {
        this.signalled.push(request);
      },
      requestSyncAt: async (request) => {
        this.again.push(request);
      },
      addImages: async ({ images, delivery }) => {
        if (this.deliveries.has(delivery)) return { images: [], repeated: true };
        this.deliveries.add(delivery);
        const names = images.map((image) => (typeof image === 'string' ? image : image.image));
        this.want(...names);
        return {
          images: names.map((name) => ({ asked: name, image: name, outcome: 'added' as const })),
          repeated: false,
        };
      },
    };
  }

  #insert(image: string, explicit: boolean): void {
    this.#rows += 1;
    this.pending.push({ image, explicit, row: this.#rows });
  }

  #done(image: string): void {
    const index = this.pending.findIndex((entry) => entry.image === image);
    if (index >= 0) this.pending.splice(index, 1);
  }
}

export function planned(image: string, targets: readonly string[] = ['aliyun', 'private']): ImagePlan {
  return {
    kind: 'planned',
    rows: [1],
    readAt: 0,
    sourceDigest: `sha256:${'a'.repeat(64)}`,
    missingTag: 'wait',
    platforms: ['linux/amd64'],
    missingPlatforms: [],
    done: [],
    left: [],
    open: targets.map((target) => ({
      destination: {
        target,
        host: `${target}.example.com`,
        repository: 'library/x',
        tag: image.split(':')[1] ?? 'latest',
      },
    })),
  };
}

function copiedEverywhere({ destinations }: CopyImageInput): CopyImageResult {
  return { done: destinations.map(({ target }) => pushedTo(target)), open: [], bytesRead: 10 };
}

export function pushedTo(target: string): TargetOutcome {
  return {
    target,
    state: 'pushed',
    reference: `${target}.example.com/library/x:1`,
    digest: `sha256:${'a'.repeat(64)}`,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    platforms: [],
    dropped: [],
    uploadedBlobs: 1,
    mountedBlobs: 0,
    skippedBlobs: 0,
    bytesSent: 10,
  };
}

/**
 * A copy that lasts until it is cancelled or let go, and tells which of the two it was.
 *
 * @param options.isStubborn a cancelled one still has to be let go
 */
export function openCopy({ isStubborn = false }: { readonly isStubborn?: boolean } = {}): {
  readonly started: Promise<void>;
  readonly ended: Promise<'cancelled' | 'let go'>;
  letGo(): void;
  copy(input: CopyImageInput): Promise<CopyImageResult>;
} {
  let begin: () => void = () => undefined;
  let release: () => void = () => undefined;
  let end: (how: 'cancelled' | 'let go') => void = () => undefined;
  const started = new Promise<void>((resolve) => (begin = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  const ended = new Promise<'cancelled' | 'let go'>((resolve) => (end = resolve));
  return {
    started,
    ended,
    letGo: () => release(),
    async copy(input) {
      const context = Context.current();
      const timer = setInterval(() => context.heartbeat({ bytesRead: 5, bytesSent: 5, finished: [] }), 100);
      begin();
      try {
        await Promise.race([released, context.cancelled]);
        end('let go');
        return copiedEverywhere(input);
      } catch (error) {
        end('cancelled');
        if (isStubborn) await released;
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}
