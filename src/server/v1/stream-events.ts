import { once } from 'node:events';

import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { SSEStreamingApi } from 'hono/streaming';

import type { StateEvent } from '../../domain/state-change.js';
import type { LiveEvents, LiveMessage } from './live-events.js';

const pingEveryMs = 15_000;
/** The client connects again then, which checks again who it is. */
const longestStreamMs = 30 * 60_000;
/** A client that reads more slowly is disconnected: it continues after the last event that it has. */
const mostUnsent = 1_000;

/**
 * Streams what happens. With an ID, everything after it comes first, so that a client that was away misses nothing.
 *
 * @param after ID of the last event that the client has; absent: only what happens from now on
 */
export function streamEvents(context: Context, live: LiveEvents, after: number | undefined): Response {
  // nginx would collect events before it sends them.
  context.header('x-accel-buffering', 'no');
  context.header('cache-control', 'no-cache, no-transform');
  return streamSSE(context, async (stream) => {
    const queue = new MessageQueue();
    const end = new AbortController();
    stream.onAbort(() => end.abort());
    const signal = AbortSignal.any([end.signal, live.stopping, AbortSignal.timeout(longestStreamMs)]);
    const { position, stop } = await live.listen((message) => queue.add(message));
    const ping = setInterval(() => void stream.write(': ping\n\n'), pingEveryMs);
    try {
      // A database that was replaced has other IDs.
      const last = await missed(stream, live, Math.min(after ?? position, position), signal);
      // The ID makes a client that has received no event continue here after a break.
      await stream.writeSSE({ event: 'ready', id: String(last), data: '{}', retry: 1_000 });
      await forward(stream, queue, last, signal);
    } finally {
      clearInterval(ping);
      stop();
    }
  });
}

/** @returns the ID of the last event that the client has */
async function missed(stream: SSEStreamingApi, live: LiveEvents, after: number, signal: AbortSignal): Promise<number> {
  for (let last = after; ;) {
    const events = await live.after(last);
    const newest = events.at(-1);
    if (newest === undefined || signal.aborted) return last;
    await writeStates(stream, events);
    last = newest.id;
  }
}

async function forward(
  stream: SSEStreamingApi,
  queue: MessageQueue,
  after: number,
  signal: AbortSignal,
): Promise<void> {
  let last = after;
  while (!signal.aborted && !queue.isFull) {
    for (const message of queue.take()) {
      if (message.kind === 'progress') {
        await stream.writeSSE({ event: 'progress', data: JSON.stringify(message.progress) });
        continue;
      }
      const events = message.events.filter(({ id }) => id > last);
      await writeStates(stream, events);
      last = events.at(-1)?.id ?? last;
    }
    await queue.filled(signal);
  }
}

async function writeStates(stream: SSEStreamingApi, events: readonly StateEvent[]): Promise<void> {
  for (const event of events) {
    await stream.writeSSE({ event: 'state', id: String(event.id), data: JSON.stringify(event) });
  }
}

/** Messages that a client has not received yet; of progress only the latest. */
class MessageQueue {
  #messages: LiveMessage[] = [];
  readonly #news = new EventTarget();

  get isFull(): boolean {
    return this.#messages.length > mostUnsent;
  }

  add(message: LiveMessage): void {
    if (message.kind === 'progress') this.#messages = this.#messages.filter(({ kind }) => kind !== 'progress');
    this.#messages.push(message);
    this.#news.dispatchEvent(new Event('message'));
  }

  take(): readonly LiveMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    return messages;
  }

  async filled(signal: AbortSignal): Promise<void> {
    if (this.#messages.length > 0 || signal.aborted) return;
    await once(this.#news, 'message', { signal }).catch(() => undefined);
  }
}
