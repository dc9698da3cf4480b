import { z } from '@hono/zod-openapi';

import { time } from '../status-schemas.js';

export const Schedule = z
  .object({
    id: z.string().openapi({ description: 'sync-all, or fetch- and the name of an upstream' }),
    kind: z.enum(['sync', 'audit', 'fetch']),
    upstream: z.string().optional(),
    timing: z.string().openapi({ example: 'every 3h, offset 7m', description: 'for people' }),
    every: z
      .object({ ms: z.int(), offsetMs: z.int() })
      .optional()
      .openapi({ description: 'the same for programs: an interval since 1970, with an offset' }),
    cron: z
      .object({ expressions: z.array(z.string()).readonly(), timezone: z.string() })
      .optional()
      .openapi({ description: 'the same for programs' }),
    exists: z.boolean().openapi({ description: 'false: "ferry schedules ensure" creates it in Temporal' }),
    paused: z.boolean(),
    note: z.string().optional().openapi({ description: 'why it was paused' }),
    pausedBy: z
      .object({ way: z.enum(['console', 'cli']), who: z.string() })
      .optional()
      .openapi({ description: 'the same for programs; absent if a person gave the note' }),
    last: z.object({ at: time('last time'), workflowId: z.string(), state: z.string().optional() }).optional(),
    next: z.array(z.int()).readonly().openapi({ description: 'next times, UTC milliseconds; empty while paused' }),
    timesRun: z.int(),
    timesSkipped: z.int(),
  })
  .openapi('Schedule');

export const Schedules = z.object({ items: z.array(Schedule).readonly() }).openapi('Schedules');

export const ScheduleParams = z.object({ id: z.string().max(100), action: z.enum(['pause', 'resume', 'trigger']) });

export const ScheduleChange = z.object({ note: z.string().max(200).optional() }).openapi('ScheduleChange');
