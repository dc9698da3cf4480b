import { z } from '@hono/zod-openapi';

import { time } from '../status-schemas.js';

const ImageChange = z.object({
  image: z.string(),
  services: z.array(z.string()).readonly(),
  oldTag: z.string().optional(),
  newTag: z.string().optional(),
});

/** What a check found. */
export const CheckReport = z.object({
  release: z.string().optional(),
  previous: z.string().optional(),
  isNew: z.boolean().optional().openapi({ description: 'false: this release was handled before' }),
  added: z.array(ImageChange).readonly(),
  changed: z.array(ImageChange).readonly(),
  removed: z.array(ImageChange).readonly(),
  unchanged: z.int(),
  wanted: z
    .array(z.object({ image: z.string(), platform: z.string(), outcome: z.string(), reason: z.string().optional() }))
    .readonly(),
  skipped: z.array(z.object({ what: z.string(), reason: z.string() })).readonly(),
  notes: z.array(z.string()).readonly(),
});

/** One check of an upstream, from the database or, while it is in progress, from Temporal. */
export const UpstreamCheck = z
  .object({
    id: z.string(),
    workflowId: z.string(),
    runId: z.string(),
    startedAt: time('start'),
    finishedAt: time('end').optional(),
    state: z.enum(['running', 'done', 'failed', 'cancelled']),
    waitsFor: z.string().optional(),
    fault: z.string().optional(),
    ...CheckReport.shape,
  })
  .openapi('UpstreamCheck');

export const Upstream = z
  .object({
    name: z.string(),
    kind: z.enum(['compose', 'kubernetes', 'helm', 'release', 'tags']),
    source: z.string().openapi({ description: 'project on GitHub, or repository of a registry' }),
    schedule: z.string().optional().openapi({ description: 'ID of its schedule; absent: it is checked on request' }),
    release: z.string().optional().openapi({ description: 'the last one that was handled' }),
    files: z
      .array(z.string())
      .readonly()
      .openapi({ description: 'targets for which the compose file of that release is available' }),
    handledAt: time('when it was handled').optional(),
    checkedAt: time('last check').optional(),
    checks: z.array(UpstreamCheck).readonly().openapi({ description: 'the last ones, the newest first' }),
  })
  .openapi('Upstream');

export const Upstreams = z
  .object({
    items: z.array(Upstream).readonly(),
    temporalFault: z.string().optional().openapi({ description: 'why the checks are not known' }),
  })
  .openapi('Upstreams');

export const UpstreamParams = z.object({ name: z.string().max(64) });

export const ReleaseParams = z.object({ name: z.string().max(64), version: z.string().min(1).max(255) });

export const ReleaseQuery = z.object({
  target: z.string().max(64).optional().openapi({ description: 'may be left out if only one is configured' }),
});

export const CheckRequest = z.object({ scope: z.enum(['changed', 'release']).optional() }).openapi('CheckRequest');

export const CheckRequested = z.object({ upstream: z.string(), requested: z.literal(true) }).openapi('CheckRequested');
