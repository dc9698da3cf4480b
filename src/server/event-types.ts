import * as z from 'zod';

import { excerpt } from '../domain/reference-grammar.js';
import { readRequestedImages } from '../domain/requested-images.js';
import { FetchScope } from '../domain/upstream.js';
import type { Event } from './server-work.js';
import { checked } from './request-body.js';

/** Event types of `repository_dispatch`. */
export const EventType = {
  addImage: 'add-image',
  syncImages: 'sync-images',
  fetchDify: 'fetch-dify',
  fetchXinference: 'fetch-xinference',
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

/** Names of fields that the log has of one request. */
const mostNoted = 20;

export const eventTypes: readonly string[] = Object.values(EventType);

const SyncPayload = z.looseObject({ reason: z.string().max(200).optional() });
const DifyPayload = z.looseObject({ scope: z.enum(FetchScope).optional() });
const XinferencePayload = z.looseObject({});

export function isEventType(type: string): type is EventType {
  return eventTypes.includes(type);
}

/**
 * What an event of one of the four types requests. Fields that are not known are ignored: senders put their own beside
 * them.
 *
 * @param sender for the record: who asks, and by which road
 * @throws InvalidInput or HTTPException 422 for a payload that cannot mean anything
 */
export function readEvent(type: EventType, payload: unknown, sender: string): Event {
  switch (type) {
    case EventType.addImage: {
      const { images, platforms, ignored } = readRequestedImages(payload);
      const input = { images, requestedBy: sender };
      return {
        kind: 'add-image',
        input: platforms === undefined ? input : { ...input, platforms },
        ...noting(ignored),
      };
    }
    case EventType.syncImages: {
      const { reason, ...others } = checked(SyncPayload, payload ?? {});
      const said = reason === undefined ? sender : `${sender}: ${reason}`;
      return { kind: 'sync', reason: said, ...noting(Object.keys(others)) };
    }
    case EventType.fetchDify: {
      const { scope, ...others } = checked(DifyPayload, payload ?? {});
      const request = { upstream: 'dify', ...(scope === undefined ? {} : { scope }) } as const;
      return { kind: 'fetch', request, ...noting(Object.keys(others)) };
    }
    case EventType.fetchXinference: {
      const others = checked(XinferencePayload, payload ?? {});
      return { kind: 'fetch', request: { upstream: 'xinference' }, ...noting(Object.keys(others)) };
    }
    default:
      return type satisfies never;
  }
}

function noting(ignored: readonly string[]): Pick<Event, 'ignored'> {
  return ignored.length === 0 ? {} : { ignored: ignored.slice(0, mostNoted).map(excerpt) };
}
