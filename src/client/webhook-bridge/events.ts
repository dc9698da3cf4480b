import * as z from 'zod';

import { readRequestedImages } from '../../domain/requested-images.js';
import { FetchScope } from '../../domain/upstream.js';
import type { Event } from './bridge-work.js';
import { checked } from './request-body.js';

/** Event types of `repository_dispatch`. */
export const EventType = {
  addImage: 'add-image',
  syncImages: 'sync-images',
  fetchDify: 'fetch-dify',
  fetchXinference: 'fetch-xinference',
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

export const eventTypes: readonly string[] = Object.values(EventType);

const SyncPayload = z.strictObject({ reason: z.string().max(200).optional() });
const DifyPayload = z.strictObject({ scope: z.enum(FetchScope).optional() });
const XinferencePayload = z.strictObject({});

export function isEventType(type: string): type is EventType {
  return eventTypes.includes(type);
}

/**
 * What an event of one of the four types asks for.
 *
 * @param sender for the record: who asks, and by which road
 * @throws InvalidInput or HTTPException 422 for a payload that cannot mean anything
 */
export function readEvent(type: EventType, payload: unknown, sender: string): Event {
  switch (type) {
    case EventType.addImage: {
      const { images, platforms } = readRequestedImages(payload);
      const input = { images, requestedBy: sender };
      return { kind: 'add-image', input: platforms === undefined ? input : { ...input, platforms } };
    }
    case EventType.syncImages: {
      const { reason } = checked(SyncPayload, payload ?? {});
      return { kind: 'sync', reason: reason === undefined ? sender : `${sender}: ${reason}` };
    }
    case EventType.fetchDify: {
      const { scope } = checked(DifyPayload, payload ?? {});
      return { kind: 'fetch', request: { upstream: 'dify', ...(scope === undefined ? {} : { scope }) } };
    }
    case EventType.fetchXinference:
      checked(XinferencePayload, payload ?? {});
      return { kind: 'fetch', request: { upstream: 'xinference' } };
    default:
      return type satisfies never;
  }
}
