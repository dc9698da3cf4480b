import type { RunningFetch } from '../client/running-fetches.js';
import type { AddImageInput, AddImageResult, SyncRequest } from '../contract/sync-messages.js';
import type { TaskQueue } from '../contract/task-queues.js';
import type { FetchScope } from '../domain/upstream.js';

/**
 * The work that a request can start. Each call returns once Temporal has accepted it; a handled delivery is not
 * repeated.
 */
export interface ServerWork {
  requestSync(request: SyncRequest): Promise<void>;
  addImages(delivery: string, input: AddImageInput): Promise<void>;
  /** The outcome of a delivery's images; undefined if no worker has answered in time. */
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
  readonly scope?: FetchScope | undefined;
}

/** What an event requests. `ignored`: unknown fields of its payload. */
export type Event =
  | AddImageEvent
  | ({ readonly kind: 'sync'; readonly reason: string } & WithIgnored)
  | ({ readonly kind: 'fetch'; readonly request: FetchRequest } & WithIgnored);

export interface AddImageEvent extends WithIgnored {
  readonly kind: 'add-image';
  readonly input: AddImageInput;
}

interface WithIgnored {
  readonly ignored?: readonly string[] | undefined;
}

/** Starts what an event requests. The delivery's ID makes a repetition safe. */
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

/** The server's log, in pino's interface. */
export interface ServerLog {
  info(facts: object, sentence: string): void;
  warn(facts: object, sentence: string): void;
  error(facts: object, sentence: string): void;
}

/** Ignored fields are only logged: GitHub's senders do not read the response. */
export function logIgnored(log: ServerLog, delivery: string, { ignored }: Event): void {
  if (ignored !== undefined) log.warn({ delivery, fields: ignored }, 'unknown fields ignored');
}
