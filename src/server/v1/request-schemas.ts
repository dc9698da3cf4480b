import { z } from '@hono/zod-openapi';

import { refusalCodes } from '../../domain/requested-images.js';
import { limit, next, time } from '../status-schemas.js';

const requestKind = z.enum(['webhook', 'dispatch', 'api', 'console']);
const requestOutcome = z.enum(['accepted', 'ignored', 'refused']);

/** A webhook delivery or a request that changes something. */
export const ReceivedRequest = z
  .object({
    id: z.int(),
    at: time('when it arrived'),
    kind: requestKind,
    method: z.string(),
    route: z.string().openapi({ description: 'pattern of the route' }),
    status: z.int().openapi({ description: 'HTTP status of the answer' }),
    outcome: requestOutcome,
    event: z.string().optional().openapi({ description: "GitHub's event, or event_type" }),
    repository: z.string().optional(),
    delivery: z.string().optional(),
    who: z.string().optional(),
    reason: z.string().optional().openapi({ description: 'why it was refused or ignored' }),
  })
  .openapi('ReceivedRequest');

export const RequestsQuery = z.object({
  kind: requestKind.optional(),
  outcome: requestOutcome.optional(),
  limit: limit(100, 1_000),
  cursor: z
    .string()
    .regex(/^\d{1,16}$/, 'use the value of "next"')
    .optional(),
});

export const ReceivedRequests = z
  .object({ items: z.array(ReceivedRequest).readonly(), next })
  .openapi('ReceivedRequests');

export const RequestParams = z.object({ id: z.coerce.number<string>().int().min(1) });

export const RequestDetails = z
  .object({
    ...ReceivedRequest.shape,
    images: z
      .array(
        z.object({
          asked: z.string(),
          image: z.string().optional(),
          platform: z.string().optional(),
          outcome: z.enum(['added', 'renewed', 'already-pending', 'refused']),
          code: z.enum(refusalCodes).optional(),
          reason: z.string().optional(),
        }),
      )
      .readonly()
      .optional()
      .openapi({ description: 'what became of each image; absent: it named none, or Temporal has forgotten it' }),
  })
  .openapi('RequestDetails');
