import type { AddImageInput, AddImageResult, SyncRequest } from '../contract/sync-messages.js';
import type { RunningFetch } from '../client/running-fetches.js';
import type { TaskQueue } from '../contract/task-queues.js';
import type { FetchScope } from '../domain/upstream.js';

/** What a request may start. Each comes back when Temporal has it; a delivery that was handled is left at that. */
export interface ServerWork {
  requestSync(request: SyncRequest): Promise<void>;
  addImages(delivery: string, input: AddImageInput): Promise<void>;
  /** What became of a delivery's images; undefined when no worker has answered in time. */
  addImagesResult(delivery: string): Promise<AddImageResult | undefined>;
  fetchUpstream(delivery: string, request: FetchRequest): Promise<void>;
  /** What runs now, and which task queues have no worker. @param isPending something waits for a worker */
  running(isPending: boolean): Promise<RunningWork>;
  /** @throws FerryError `temporal` when Temporal does not answer */
  assertReachable(): Promise<void>;
}

export interface RunningWork {
  readonly fetches: readonly RunningFetch[];
  /** Absent when nothing waits for a worker. */
  readonly unserved?: readonly TaskQueue[];
}

export interface FetchRequest {
  /** Name of a configured upstream. */
  readonly upstream: string;
  readonly scope?: FetchScope;
}

/** What one event requests. `ignored`: fields of its payload that mean nothing here. */
export type Event =
  | AddImageEvent
  | ({ readonly kind: 'sync'; readonly reason: string } & WithIgnored)
  | ({ readonly kind: 'fetch'; readonly request: FetchRequest } & WithIgnored);

export interface AddImageEvent extends WithIgnored {
  readonly kind: 'add-image';
  readonly input: AddImageInput;
}

interface WithIgnored {
  readonly ignored?: readonly string[];
}

/** Starts what an event asks for. The delivery's ID makes a repetition harmless. */
export async function startWork(work: ServerWork, delivery: string, event: Event): Promise<void> {
  switch (event.kind) {
    case 'sync':
      await work.requestSync({ id: delivery, reason: event.reason });
      return;
    case 'add-image':
      await work.addImages(delivery, event.input);
      return;
    case 'fetch':
      await work.fetchUpstream(delivery, event.request);
      return;
    default:
      event satisfies never;
  }
}

/** What the log says of a request; pino's shape. */
export interface ServerLog {
  info(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
  error(facts: object, sentence: string): void;
}

/** Fields that were ignored are seen in the log alone: GitHub's senders are not told. */
export function logIgnored(log: ServerLog, delivery: string, { ignored }: Event): void {
  if (ignored !== undefined) log.warn({ delivery, fields: ignored }, 'fields that are not known here were ignored');
}
