/** What operators ask of audits, rollbacks and holds, and what is answered. */
import { z } from '@hono/zod-openapi';
import { isDigest } from '@image-ferry/registry/digest';

const image = z.string().min(1).max(1_000).openapi({ example: 'docker.io/library/nginx:1.27' });
const target = z.string().min(1).max(64).openapi({ description: 'name of a configured target' });
const digest = z
  .string()
  .max(200)
  .refine(isDigest, { error: 'expected a digest, sha256: and 64 characters' })
  .openapi({ description: 'what the tag is to point to; default: what it pointed to before its last change' });

export const AuditRequest = z
  .strictObject({
    targets: z.array(target).min(1).max(100).readonly().optional().openapi({ description: 'absent: all of them' }),
    deep: z.boolean().default(false).openapi({ description: 'check every copy in depth' }),
  })
  .openapi('AuditRequest');

export const AuditRequested = z
  .object({ requested: z.literal(true), workflowId: z.string(), runId: z.string() })
  .openapi('AuditRequested');

export const RollbackRequest = z.strictObject({ image, target, to: digest.optional() }).openapi('RollbackRequest');

const ofCopy = { image: z.string(), target: z.string() } as const;

export const RollbackOutcome = z
  .discriminatedUnion('state', [
    z.object({
      ...ofCopy,
      state: z.literal('held'),
      reference: z.string().openapi({ description: 'host/repository:tag' }),
      digest: z.string(),
      before: z.string().optional().openapi({ description: 'what the tag pointed to before' }),
    }),
    z.object({ ...ofCopy, state: z.literal('refused'), code: z.string(), reason: z.string() }),
    z.object({ ...ofCopy, state: z.literal('pending'), to: z.string(), reason: z.string() }),
    z.object({ ...ofCopy, state: z.literal('released') }),
  ])
  .openapi('RollbackOutcome', { description: 'refused: nothing was changed; pending: the sync runs go on trying' });

export const RollbackRequested = z
  .object({ ...ofCopy, state: z.literal('requested') })
  .openapi('RollbackRequested', { description: 'Temporal has it; the copy shows what becomes of it' });

export const ReleaseRequest = z
  .strictObject({ image, target: target.optional().openapi({ description: 'absent: on all targets' }) })
  .openapi('ReleaseRequest');

export const Released = z
  .object({
    image: z.string(),
    released: z.array(z.string()).readonly().openapi({ description: 'targets; empty: it was not held' }),
    syncRequested: z.boolean(),
    fault: z.string().optional().openapi({ description: 'why no sync run was requested, although the hold ended' }),
  })
  .openapi('Released');
