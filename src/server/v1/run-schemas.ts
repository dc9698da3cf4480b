import { z } from '@hono/zod-openapi';

import { runCauseKinds } from '../../domain/run-cause.js';
import { copyState, next, Run, time } from '../status-schemas.js';

const Stalled = z.object({
  host: z.string(),
  forMs: z.int().openapi({ description: 'milliseconds without a byte' }),
  awaits: z.string().openapi({ description: 'source-bytes, target-accepts, commit, connection or retry' }),
});

const Layer = z.object({
  digest: z.string(),
  bytesDone: z.int(),
  bytesTotal: z.int().optional().openapi({ description: 'absent: not known' }),
});

/** A transfer in flight. Rates in bytes per second. */
export const Transfer = z
  .object({
    image: z.string(),
    bytesRead: z.int(),
    bytesTotal: z.int(),
    readRate: z.int(),
    secondsLeft: z.int().optional().openapi({ description: 'absent while nothing moves' }),
    stalled: Stalled.optional().openapi({ description: 'the source sends nothing' }),
    targets: z
      .array(
        z.object({
          target: z.string(),
          state: z.enum(['moving', 'done', 'failed']),
          bytesDone: z.int(),
          bytesTotal: z.int(),
          stalled: Stalled.optional(),
          continued: z.object({ offset: z.int(), size: z.int(), after: z.string().optional() }).optional(),
          layers: z.array(Layer).readonly().openapi({ description: 'in flight' }),
        }),
      )
      .readonly(),
  })
  .openapi('Transfer');

/** The sync run in progress; data of the events `progress` of `GET /events`. */
export const Progress = z
  .object({
    run: z.string().optional(),
    phase: z.enum(['starting', 'adopting', 'copying', 'draining', 'finishing', 'done', 'idle']),
    at: time('when it was read'),
    queued: z.int(),
    inFlight: z.int(),
    images: z.int().openapi({ description: 'processed by this run' }),
    pushed: z.int(),
    waiting: z.int(),
    retrying: z.int(),
    blocked: z.int(),
    working: z.array(z.string()).readonly().openapi({ description: 'images in flight: planned, copied or verified' }),
    transfers: z.array(Transfer).readonly(),
  })
  .openapi('Progress');

const runWithCauses = {
  ...Run.shape,
  causes: z
    .array(z.object({ kind: z.enum(runCauseKinds), facts: z.record(z.string(), z.string()) }))
    .readonly()
    .openapi({ description: 'the reasons for programs, in the same order' }),
};

export const RunsWithCauses = z
  .object({ items: z.array(z.object(runWithCauses)).readonly(), next })
  .openapi('RunsWithCauses');

export const RunDetails = z
  .object({
    ...runWithCauses,
    notDone: z
      .array(
        z.object({
          image: z.string(),
          target: z.string(),
          state: copyState,
          code: z.string(),
          reason: z.string(),
        }),
      )
      .readonly()
      .openapi({ description: 'the first 1,000 copies that it did not make' }),
  })
  .openapi('RunDetails');

export const RunRequest = z.object({ reason: z.string().max(200).optional() }).openapi('RunRequest');

export const RunRequested = z.object({ requested: z.literal(true) }).openapi('RunRequested');

export const RunCancelled = z
  .object({ cancelled: z.boolean().openapi({ description: 'false: none was running' }) })
  .openapi('RunCancelled');
