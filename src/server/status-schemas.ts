/** What the read routes answer: the shapes of `database/status-views.ts`, with what the document says of them. */
import { z } from '@hono/zod-openapi';

import { TaskQueue } from '../contract/task-queues.js';

export const time = (description: string) => z.int().openapi({ description: `${description}, UTC milliseconds` });
export const copyState = z.enum(['pushed', 'adopted', 'waiting', 'retrying', 'blocked']);
const wantedState = z.enum(['pending', 'pushed', 'blocked', 'withdrawn']);
const changedState = z.enum([...copyState.options, 'pending', 'withdrawn']);
const changeKind = z.enum([
  'added',
  'retried',
  'removed',
  'backfill',
  'normalized',
  'reset',
  'adopted',
  'outcome',
  'tag-moved',
  'shared-tag',
  'tag-announced',
  'drift-lost',
  'drift-changed',
  'healed',
  'rolled-back',
  'released',
]);
export const countsOfCopies = z.partialRecord(copyState, z.int()).readonly();

export const RequestedBy = z
  .object({
    by: z.string().openapi({ description: 'cli, webhook, upstream, workflow or row' }),
    id: z.string().optional().openapi({ description: 'delivery ID, name of the upstream, or user' }),
    release: z.string().optional(),
    service: z.string().optional(),
    oldTag: z.string().optional(),
    newTag: z.string().optional(),
  })
  .openapi('RequestedBy');

/** What identifies a row of a wanted image. */
export const wantedRow = {
  id: z.int().openapi({ description: 'of the row of images_for_push' }),
  image: z.string().openapi({ description: 'canonical reference; the columns as they are where they name no image' }),
  platform: z.string(),
} as const;

/** Why it is as it is. */
export const wantedFacts = {
  code: z.string().optional().openapi({ description: 'why it is blocked, or not pushed yet' }),
  reason: z.string().optional(),
  note: z.string().optional(),
  requestedBy: RequestedBy.optional(),
  requestedAt: time('when it was requested').optional(),
  checkedAt: time('when a run last finished with it').optional(),
  firstMissingAt: time('since when its tag is missing').optional(),
  sourceDigest: z.string().optional(),
  targets: z.array(z.string()).readonly().optional().openapi({ description: 'absent: every target' }),
} as const;

const WantedImage = z
  .object({
    ...wantedRow,
    state: wantedState,
    open: z
      .array(copyState)
      .readonly()
      .optional()
      .openapi({ description: 'states of the copies that a pending row lacks' }),
    ...wantedFacts,
  })
  .openapi('WantedImage');

export const Copy = z
  .object({
    image: z.string(),
    target: z.string(),
    state: copyState,
    code: z.string().optional(),
    reason: z.string().optional(),
    reference: z.string().optional().openapi({ description: 'host/repository:tag on the target' }),
    digest: z.string().optional(),
    sourceDigest: z.string().optional(),
    attempts: z.int(),
    lastTriedAt: time('last attempt'),
    replaced: z.string().optional(),
    backup: z.string().optional(),
    dropped: z
      .array(z.object({ digest: z.string(), reason: z.string() }))
      .readonly()
      .optional(),
    drift: z.enum(['lost', 'changed', 'incomplete']).optional().openapi({ description: 'what an audit found' }),
    held: z
      .object({ digest: z.string(), at: time('since when').optional(), by: z.string().optional() })
      .readonly()
      .optional()
      .openapi({ description: 'a rollback holds the tag at this digest' }),
    rollbackTo: z.string().optional().openapi({ description: 'a rollback to this digest is not made yet' }),
  })
  .openapi('Copy');

export const PushedImage = z
  .object({
    id: z.int().openapi({ description: 'of the row of pushed_images' }),
    image: z.string().optional(),
    name: z.string(),
    digest: z.string(),
    sourceDigest: z.string().optional(),
    platforms: z
      .array(z.object({ platform: z.string(), digest: z.string().optional(), size: z.int().optional() }))
      .readonly(),
    unverified: z.literal(true).optional().openapi({ description: 'another program alone says that it is there' }),
    pushedAt: z.string().optional(),
  })
  .openapi('PushedImage');

export const StateEvent = z
  .object({
    id: z.int().openapi({ description: 'ascending in the order of the changes' }),
    at: time('when it changed'),
    kind: changeKind.openapi({ description: 'what made the change' }),
    image: z.string(),
    target: z.string().optional().openapi({ description: 'absent: the image as a whole' }),
    from: changedState.optional().openapi({ description: 'absent: there was no state before' }),
    to: changedState,
    code: z.string().optional(),
    reason: z.string().optional(),
    run: z.string().optional(),
    who: z.string().optional().openapi({ description: 'who requested it, such as cli or webhook ID' }),
  })
  .openapi('StateEvent');

export const Audit = z
  .object({
    id: z.string(),
    startedAt: time('start'),
    finishedAt: time('end').optional(),
    who: z.string().openapi({ description: 'who or what requested it' }),
    scope: z.object({ targets: z.array(z.string()).readonly().optional(), deep: z.boolean() }).readonly(),
    summary: z
      .object({
        targets: z
          .array(
            z.object({
              target: z.string(),
              checked: z.int(),
              deep: z.int().openapi({ description: 'of those, with their manifests and blobs' }),
              lost: z.int(),
              changed: z.int(),
              incomplete: z.int(),
              notChecked: z.int(),
              requests: z.int(),
            }),
          )
          .readonly(),
        notChecked: z
          .array(z.object({ target: z.string(), code: z.string(), reason: z.string(), count: z.int() }))
          .readonly(),
        healing: z.int().openapi({ description: 'copies that sync runs copy again' }),
        cancelled: z.boolean().optional().openapi({ description: 'a person ended it early' }),
      })
      .readonly(),
    failure: z.string().optional(),
  })
  .openapi('Audit');

export const Run = z
  .object({
    run: z.string(),
    reasons: z.array(z.string()).readonly(),
    startedAt: time('start'),
    finishedAt: time('end').optional(),
    summary: z.record(z.string(), z.unknown()).readonly().optional(),
    images: countsOfCopies,
    bytesRead: z.int(),
    bytesSent: z.int(),
  })
  .openapi('Run');

export const PullAllowance = z
  .object({
    host: z.string(),
    rateLimitSource: z.string().openapi({ description: 'address or account that the host counts; empty: one for all' }),
    pulls: z.int(),
    windowMs: z.int(),
    free: z.int(),
    againAt: time('when pulls are free again').optional(),
  })
  .openapi('PullAllowance');

const RunningFetch = z
  .object({
    upstream: z.string(),
    workflowId: z.string(),
    startedAt: time('start'),
    waitsFor: z.string().optional(),
  })
  .openapi('RunningFetch');

export const Status = z
  .object({
    wanted: z.object({ pending: z.int(), pushed: z.int(), blocked: z.int(), withdrawn: z.int() }),
    waiting: z.int().openapi({ description: 'pending images that were tried' }),
    unverified: z.int().optional(),
    unread: z.int().optional().openapi({ description: 'rows of other programs that no run has read yet' }),
    targets: z.array(z.object({ target: z.string(), copies: countsOfCopies })).readonly(),
    blockedBy: z.array(z.object({ code: z.string(), rows: z.int() })).readonly(),
    lastRun: Run.optional(),
    lastAudit: Audit.optional(),
    held: z.int().optional().openapi({ description: 'tags that rollbacks hold' }),
    allowances: z.array(PullAllowance).readonly(),
    fetches: z.array(RunningFetch).readonly().optional().openapi({ description: 'absent: see temporalFault' }),
    unserved: z.array(z.enum(TaskQueue)).readonly().optional().openapi({ description: 'task queues without a worker' }),
    temporalFault: z.string().optional().openapi({ description: 'why Temporal could not be asked' }),
  })
  .openapi('Status');

export const ImageStatus = z
  .object({
    image: z.string(),
    wanted: z.array(WantedImage).readonly(),
    copies: z.array(Copy).readonly(),
    pushed: z.array(PushedImage).readonly(),
    events: z
      .array(StateEvent)
      .readonly()
      .openapi({ description: 'newest 50 state changes, the oldest of them first' }),
  })
  .openapi('ImageStatus');

export const next = z.string().optional().openapi({ description: 'cursor of the next page; absent at the end' });

export const WantedImages = z.object({ items: z.array(WantedImage).readonly(), next }).openapi('WantedImages');

export const Runs = z.object({ items: z.array(Run).readonly(), next }).openapi('Runs');

export const limit = (standard: number, most: number) =>
  z.coerce.number<string>().int().min(1).max(most).default(standard).openapi({ type: 'integer' });

export const WantedQuery = z.object({
  state: z
    .enum(['wanted', 'waiting', ...wantedState.options])
    .default('wanted')
    .openapi({ description: 'wanted: all but withdrawn; waiting: pending and tried before' }),
  limit: limit(100, 1_000),
  cursor: z
    .string()
    .regex(/^-?\d{1,16}$/, 'use the value of "next"')
    .optional(),
});

export const ImageQuery = z.object({
  reference: z.string().min(1).max(1_000).openapi({ example: 'nginx:1.27' }),
});

export const RunsQuery = z.object({
  limit: limit(20, 100),
  cursor: z
    .string()
    .regex(/^\d{1,16}-.{1,200}$/, 'use the value of "next"')
    .optional(),
});
