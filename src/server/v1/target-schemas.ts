import { z } from '@hono/zod-openapi';

import { countsOfCopies, time } from '../status-schemas.js';

export const Finding = z
  .object({
    ok: z.boolean(),
    isWarning: z.boolean(),
    message: z.string().openapi({ description: 'what "ferry doctor" says; for an error, also what to do' }),
    code: z.string().optional().openapi({ description: 'the same for programs', example: 'accepts-uploads' }),
    facts: z.record(z.string(), z.string()).optional().openapi({ description: 'values in the message, by name' }),
    checkedAt: time('when it was checked'),
  })
  .openapi('Finding');

const Uploads = z
  .object({
    afterBreak: z
      .enum(['keeps-bytes', 'keeps-chunks', 'forgets'])
      .optional()
      .openapi({ description: 'where an upload continues whose request broke; absent: not known' }),
    takesChunks: z.boolean().optional().openapi({ description: 'whether a blob can be sent in several requests' }),
    leastChunkBytes: z.number().optional(),
    mostBodyBytes: z.number().optional(),
    bytesBetweenBreaks: z
      .number()
      .optional()
      .openapi({ description: 'bytes that got through on one connection before it broke' }),
    lineHolds: z.boolean().optional().openapi({ description: 'whether its connections carry large blobs' }),
  })
  .openapi('Uploads');

export const Target = z
  .object({
    name: z.string(),
    registry: z.string(),
    namespace: z.string(),
    naming: z.enum(['aliyun', 'private', 'nested', 'flat', 'hash']),
    manifestPolicy: z.enum(['keep', 'drop', 'fail']),
    referrers: z.boolean(),
    engine: z.enum(['registry', 'docker']),
    names: z
      .array(z.object({ source: z.string(), repository: z.string() }))
      .readonly()
      .openapi({ description: 'set by hand' }),
    examples: z
      .array(z.object({ image: z.string(), reference: z.string().optional(), fault: z.string().optional() }))
      .readonly(),
    finding: Finding.optional().openapi({ description: 'absent: not checked yet' }),
    uploads: Uploads.optional().openapi({ description: 'what was learned about its uploads; absent: nothing yet' }),
    learnedAt: time('when that was learned').optional(),
    copies: countsOfCopies,
    missing: z.int().openapi({ description: 'wanted images that it does not have' }),
    repositories: z.int().openapi({ description: 'that this ferry uses' }),
    namespaces: z.int().openapi({ description: 'that this ferry uses: first parts of paths' }),
    quota: z
      .object({ edition: z.string(), repositories: z.int().optional(), namespaces: z.int().optional() })
      .optional()
      .openapi({ description: 'what the registry allows an account, where that is known' }),
  })
  .openapi('Target');

export const Targets = z.object({ items: z.array(Target).readonly() }).openapi('Targets');

export const TargetParams = z.object({ name: z.string().max(64) });
