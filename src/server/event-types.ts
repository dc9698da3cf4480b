import { excerpt } from '@image-ferry/registry/reference';
import * as z from 'zod';

import { readRequestedImages } from '../domain/requested-images.js';
import { fetchId, FetchScope, upstreamOfFetchId } from '../domain/upstream.js';
import { refusal } from './problems.js';
import { checked } from './request-body.js';
import type { AddImageEvent, Event } from './server-work.js';

/** Event types of `repository_dispatch`. Each configured upstream adds one: `fetch-` and its name. */
export const EventType = {
  addImage: 'add-image',
  syncImages: 'sync-images',
  /** The payload names the upstream. */
  fetchUpstream: 'fetch-upstream',
} as const;

/** Maximum number of ignored fields that the log names per request. */
const maxLoggedFields = 20;

const SyncPayload = z.looseObject({ reason: z.string().max(200).optional() });
const FetchPayload = z.looseObject({ scope: z.enum(FetchScope).optional() });
const FetchUpstreamPayload = FetchPayload.extend({ name: z.string().min(1) });

/** @param upstreams names of the configured upstreams */
export function eventTypes(upstreams: readonly string[]): readonly string[] {
  return [...Object.values(EventType), ...upstreams.map(fetchId)];
}

export interface ReceivedEvent {
  readonly type: string;
  readonly payload: unknown;
  /** Recorded with the request: the caller and how the request arrived. */
  readonly sender: string;
}

/**
 * Returns what an event requests. Unknown fields are ignored, since senders add their own.
 *
 * @param upstreams names of the configured upstreams
 * @returns undefined for an event of another program
 * @throws InvalidInput or HTTPException 422 for an invalid payload or an unknown upstream
 */
export function readEvent({ type, payload, sender }: ReceivedEvent, upstreams: readonly string[]): Event | undefined {
  switch (type) {
    case EventType.addImage:
      return readAddImage(payload, sender);
    case EventType.syncImages: {
      const { reason, ...others } = checked(SyncPayload, payload ?? {});
      const description = reason === undefined ? sender : `${sender}: ${reason}`;
      return { kind: 'sync', reason: description, ...noting(Object.keys(others)) };
    }
    case EventType.fetchUpstream: {
      const { name, ...rest } = checked(FetchUpstreamPayload, payload ?? {});
      return readFetch(name, rest, upstreams);
    }
    default: {
      const upstream = upstreamOfFetchId(type);
      return upstream === undefined ? undefined : readFetch(upstream, payload ?? {}, upstreams);
    }
  }
}

/** @throws InvalidInput for a payload without an image */
export function readAddImage(payload: unknown, sender: string): AddImageEvent {
  const { images, platforms, ignored } = readRequestedImages(payload);
  const input = { images, requestedBy: sender };
  return {
    kind: 'add-image',
    input: platforms === undefined ? input : { ...input, platforms },
    ...noting(ignored),
  };
}

function readFetch(upstream: string, payload: unknown, upstreams: readonly string[]): Event {
  if (!upstreams.includes(upstream)) {
    throw refusal(422, `unknown upstream "${excerpt(upstream)}"; configured: ${upstreams.join(', ')}`);
  }
  const { scope, ...others } = checked(FetchPayload, payload);
  const request = { upstream, scope };
  return { kind: 'fetch', request, ...noting(Object.keys(others)) };
}

function noting(ignored: readonly string[]): Pick<Event, 'ignored'> {
  return ignored.length === 0 ? {} : { ignored: ignored.slice(0, maxLoggedFields).map(excerpt) };
}
