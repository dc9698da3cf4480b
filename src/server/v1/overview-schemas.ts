import { z } from '@hono/zod-openapi';

import { TaskQueue } from '../../contract/task-queues.js';
import { countsOfCopies, PullAllowance, Run, time } from '../status-schemas.js';
import { imageState } from './image-schemas.js';
import { Progress } from './run-schemas.js';
import { Schedule } from './schedule-schemas.js';

export const Overview = z
  .object({
    counts: z.object({
      pending: z.int().openapi({ description: 'not tried since they were requested' }),
      waiting: z.int(),
      retrying: z.int(),
      blocked: z.int(),
      pushed: z.int(),
      withdrawn: z.int(),
    }),
    unverified: z.int().optional().openapi({ description: 'rows that another program marked as pushed' }),
    unread: z.int().optional().openapi({ description: 'rows of other programs that no run has read yet' }),
    targets: z
      .array(
        z.object({
          target: z.string(),
          registry: z.string(),
          isReachable: z.boolean().optional().openapi({ description: 'absent: not checked yet' }),
          checkedAt: time('when that was found').optional(),
          fault: z.string().optional(),
          copies: countsOfCopies,
          missing: z.int().openapi({ description: 'wanted images that it does not have' }),
        }),
      )
      .readonly(),
    causes: z
      .array(
        z.object({
          state: imageState.extract(['waiting', 'retrying', 'blocked']),
          code: z.string(),
          target: z.string().optional().openapi({ description: 'absent: the source is the cause' }),
          host: z.string().optional().openapi({ description: 'registry of the source' }),
          images: z.int(),
          reason: z.string().openapi({ description: 'of the first of them' }),
          sample: z.array(z.string()).readonly().openapi({ description: 'the first 5 images' }),
        }),
      )
      .readonly()
      .openapi({ description: 'what is not pushed, grouped by its cause; blocked first' }),
    progress: Progress.optional().openapi({ description: 'the sync run in progress' }),
    runs: z.array(Run).readonly().openapi({ description: 'the last 10' }),
    pushedOverTime: z
      .array(z.object({ at: time('start of the hour'), images: z.int(), bytesRead: z.int(), bytesSent: z.int() }))
      .readonly()
      .openapi({ description: 'by hour, over the last 24 hours' }),
    allowances: z.array(PullAllowance).readonly(),
    schedules: z.array(Schedule).readonly(),
    releases: z
      .array(
        z.object({
          upstream: z.string(),
          release: z.string().optional().openapi({ description: 'absent: none was handled yet' }),
          handledAt: time('when it was handled').optional(),
          checkedAt: time('last check').optional(),
          images: z.int().openapi({ description: 'images that it made wanted' }),
          targets: z.array(z.object({ target: z.string(), pushed: z.int() })).readonly(),
        }),
      )
      .readonly(),
    unserved: z.array(z.enum(TaskQueue)).readonly().optional().openapi({ description: 'task queues without a worker' }),
    temporalFault: z.string().optional().openapi({ description: 'why Temporal could not be asked' }),
  })
  .openapi('ConsoleOverview');
