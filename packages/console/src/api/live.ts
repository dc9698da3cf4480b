/** Changes of state and the progress of transfers, as they happen: Server-Sent Events into the cache of the queries. */
import type { InfiniteData, Query } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';

import { apiUrl } from './client.js';
import { keys } from './keys.js';
import { queryClient } from './query-client.js';
import type { ImageDetails, ListedImage, Progress, StateEvent } from './types.js';

export type Connection = 'connecting' | 'live' | 'lost';

/** The newest changes that the page shows. */
const keptEvents = 200;
/** A run changes many images in a second: what counts them is read again after this time, once for all of them. */
const gatherMs = 1_000;
const connectAgainMs = 2_000;
const restAfterMs = 60_000;
/**
 * A change whose transaction was committed very late has no event in the stream: what is shown is read again so often, except
 * for lists of many pages.
 */
const readEveryMs = 60_000;
/** Pages of a list that are read again as a whole; of a longer list only the changed rows are replaced. */
const pagesReadAgain = 2;

let connection: Connection = 'connecting';
const listeners = new Set<() => void>();

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}

/** Listens as long as the component is shown and its page is not hidden for long. */
export function useLiveUpdates(): void {
  useEffect(() => {
    const stream = new EventStream();
    const gather = gathering();
    stream.onFirstReady = () => gather.add();
    stream.onState = (event) => {
      keepEvent(event);
      showInImage(event);
      showInLists(event);
      gather.add();
    };
    const onVisibility = (): void => (document.hidden ? stream.rest() : stream.wake());
    document.addEventListener('visibilitychange', onVisibility);
    const regular = setInterval(() => {
      if (!document.hidden) gather.add();
    }, readEveryMs);
    stream.wake();
    return () => {
      clearInterval(regular);
      document.removeEventListener('visibilitychange', onVisibility);
      stream.close();
      gather.stop();
      setConnection('connecting');
    };
  }, []);
}

/** The server's events. Wherever the connection breaks, the next one continues after the last event that came. */
class EventStream {
  /** What was read before this may have changed since, and no event comes that says so. */
  onFirstReady: () => void = () => undefined;
  onState: (event: StateEvent) => void = () => undefined;
  #source: EventSource | undefined;
  #lastEventId: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Connects, unless there is a connection. */
  wake(): void {
    clearTimeout(this.#timer);
    if (this.#source === undefined || this.#source.readyState === EventSource.CLOSED) this.#connect();
  }

  /** Closes the connection in a while: a browser allows only six to one server. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#source?.close(), restAfterMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  #connect(): void {
    const source = new EventSource(apiUrl('events', { lastEventId: this.#lastEventId }));
    this.#source = source;
    source.addEventListener('open', () => setConnection('live'));
    source.addEventListener('error', () => {
      setConnection('lost');
      if (source.readyState !== EventSource.CLOSED) return;
      // The browser gives up after an answer such as a proxy's 502, or a 401 since the session has ended.
      void queryClient.invalidateQueries({ queryKey: keys.session });
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#connect(), connectAgainMs);
    });
    source.addEventListener('ready', ({ lastEventId }) => {
      const isFirst = this.#lastEventId === undefined;
      this.#lastEventId = lastEventId;
      if (isFirst) this.onFirstReady();
    });
    source.addEventListener('state', ({ data, lastEventId }: MessageEvent<string>) => {
      this.#lastEventId = lastEventId;
      this.onState(JSON.parse(data) as StateEvent);
    });
    source.addEventListener('progress', ({ data }: MessageEvent<string>) => {
      queryClient.setQueryData(keys.progress, JSON.parse(data) as Progress);
    });
  }
}

function setConnection(next: Connection): void {
  if (connection === next) return;
  connection = next;
  for (const listener of listeners) listener();
}

function keepEvent(event: StateEvent): void {
  queryClient.setQueryData<readonly StateEvent[]>(keys.events, (events = []) =>
    events.some(({ id }) => id === event.id) ? events : [event, ...events].slice(0, keptEvents),
  );
}

function showInImage(event: StateEvent): void {
  queryClient.setQueryData<ImageDetails>(keys.image(event.image), (details) =>
    details === undefined || details.events.some(({ id }) => id === event.id)
      ? details
      : { ...details, events: [...details.events, event] },
  );
}

/** Replaces the state in the rows of an image at once; what else has changed comes with the next read. */
export function showInLists({ image, target, to, code, reason }: Omit<StateEvent, 'id' | 'at' | 'kind'>): void {
  const changed = (row: ListedImage): ListedImage => {
    if (row.image !== image) return row;
    if (target === undefined) return to === 'adopted' ? row : { ...row, state: to, code, reason };
    if (to === 'pending' || to === 'withdrawn') return row;
    const copy = { target, state: to, code, reason, lastTriedAt: Date.now() };
    return { ...row, copies: [...row.copies.filter((one) => one.target !== target), copy] };
  };
  queryClient.setQueriesData<InfiniteData<{ readonly items: readonly ListedImage[] }>>(
    { queryKey: keys.imageLists },
    (list) =>
      list === undefined
        ? list
        : { ...list, pages: list.pages.map((page) => ({ ...page, items: page.items.map(changed) })) },
  );
}

function gathering(): { add(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    add() {
      timer ??= setTimeout(() => {
        timer = undefined;
        for (const query of queryClient.getQueryCache().findAll({ predicate: isLive })) void readAgain(query);
      }, gatherMs);
    },
    stop: () => clearTimeout(timer),
  };
}

/** After an action: a read that is in flight may be older than it, and would show for a moment what was before. */
export function readAfterAction(): void {
  void queryClient.invalidateQueries({ predicate: isLive });
}

/** Queries whose next read is waiting for the end of the present one. */
const waiting = new WeakSet<Query>();

/** Changes that never stop must not begin each read again, which on a slow line would never end: one follows the other. */
async function readAgain(query: Query): Promise<void> {
  if (waiting.has(query)) return;
  waiting.add(query);
  for (let read: Query['promise']; query.state.fetchStatus === 'fetching' && query.promise !== read;) {
    read = query.promise;
    await read?.catch(() => undefined);
  }
  waiting.delete(query);
  // A list may have grown meanwhile.
  if (isLive(query)) await queryClient.invalidateQueries({ queryKey: query.queryKey, exact: true });
}

const liveKeys = new Set<unknown>(['overview', 'images', 'image-count', 'image', 'runs', 'run', 'targets', 'audits']);

function isLive({ queryKey, state }: Query): boolean {
  if (!liveKeys.has(queryKey[0])) return false;
  const data = state.data as { readonly pages?: readonly unknown[] } | undefined;
  return (data?.pages?.length ?? 0) <= pagesReadAgain;
}
