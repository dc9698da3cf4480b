import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { noteRequest } from '../received-requests.js';
import { assertJsonType, jsonBody, limitedBody } from '../request-body.js';
import {
  AuditRequest,
  AuditRequested,
  Released,
  ReleaseRequest,
  RollbackOutcome,
  RollbackRequest,
  RollbackRequested,
} from './audit-action-schemas.js';
import type { Caller, CallerEnv, Gate } from './caller.js';

/** Each call throws FerryError `temporal` or `database` when Temporal, or the database, does not answer. */
export interface AuditActions {
  audit(request: z.infer<typeof AuditRequest>, caller: Caller): Promise<z.infer<typeof AuditRequested>>;
  /**
   * Waits a while for the end of the rollback.
   *
   * @throws HTTPException 409 while another rollback of the copy is not made yet, or if a user cancels the workflow
   */
  rollback(
    request: z.infer<typeof RollbackRequest>,
    caller: Caller,
  ): Promise<z.infer<typeof RollbackOutcome> | z.infer<typeof RollbackRequested>>;
  release(request: z.infer<typeof ReleaseRequest>, caller: Caller): Promise<z.infer<typeof Released>>;
}

export interface AuditActionsRoutesOptions {
  readonly gate: Gate;
  readonly audits: AuditActions;
}

const refusals = problems(400, 401, 403, 413, 415, 422, 429, 500, 503);

const postAudit = createRoute({
  method: 'post',
  path: '/audits',
  summary: 'Requests an audit of the copies on the targets; one that a person requested and that still runs is joined',
  ...bearerToken,
  request: { body: { required: true, ...json(AuditRequest, 'what to check') } },
  responses: { 202: json(AuditRequested, 'Temporal has the request; GET /audits has the result.'), ...refusals },
});

const postRollback = createRoute({
  method: 'post',
  path: '/images/rollback',
  summary: 'Puts a tag on a target back, and holds it there',
  ...bearerToken,
  request: { body: { required: true, ...json(RollbackRequest, 'which tag, and to what') } },
  responses: {
    200: json(RollbackOutcome, 'What became of it; a refusal has its code and reason.'),
    202: json(RollbackRequested, 'Temporal has the request; it was not made within 20 seconds.'),
    ...refusals,
    ...problems(409),
  },
});

const postRelease = createRoute({
  method: 'post',
  path: '/images/release',
  summary: 'Ends the hold of a rollback, or calls it off, and requests a sync run',
  ...bearerToken,
  request: { body: { required: true, ...json(ReleaseRequest, 'which image') } },
  responses: { 200: json(Released, 'Where the hold ended.'), ...refusals },
});

/** Routes that audit, roll back and release. */
export function auditActionsRoutes({ gate, audits }: AuditActionsRoutesOptions) {
  const middleware = [gate.asOperator, limitedBody(), jsonBody(assertJsonType)];
  return openApiApp<CallerEnv>()
    .openapi({ ...postAudit, middleware }, async (context) => {
      noteRequest(context, { event: 'audit' });
      return context.json(await audits.audit(context.req.valid('json'), context.get('caller')), 202);
    })
    .openapi({ ...postRollback, middleware }, async (context) => {
      noteRequest(context, { event: 'rollback' });
      const outcome = await audits.rollback(context.req.valid('json'), context.get('caller'));
      return outcome.state === 'requested' ? context.json(outcome, 202) : context.json(outcome, 200);
    })
    .openapi({ ...postRelease, middleware }, async (context) => {
      noteRequest(context, { event: 'release' });
      return context.json(await audits.release(context.req.valid('json'), context.get('caller')), 200);
    });
}
