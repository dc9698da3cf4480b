import { createRoute, z } from '@hono/zod-openapi';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import type { ReadDatabase } from '../read-database.js';
import { Audit, limit, time } from '../status-schemas.js';
import type { CallerEnv, Gate } from './caller.js';

const Finding = z
  .object({
    audit: z.string(),
    image: z.string(),
    target: z.string(),
    kind: z.enum(['lost', 'changed', 'incomplete']),
    action: z.enum(['healing', 'reported', 'left']),
    reference: z.string(),
    expected: z.string(),
    found: z.string().optional().openapi({ description: 'what the tag points to; absent: nothing' }),
    reason: z.string(),
    foundAt: time('when it was found'),
    healedAt: time('when it was right again').optional(),
    outcome: z.enum(['healing', 'reported', 'left', 'healed', 'blocked']).openapi({
      description: 'what became of it: what was to be healed may be healed, or its copy blocked today',
    }),
  })
  .openapi('AuditFinding');

const Audits = z
  .object({
    items: z.array(Audit.extend({ findings: z.array(Finding).readonly() })).readonly(),
  })
  .openapi('Audits');

const getAudits = createRoute({
  method: 'get',
  path: '/audits',
  summary: 'Audits of the copies on the targets, the latest first, each with its first 100 findings',
  ...bearerToken,
  request: { query: z.object({ limit: limit(5, 50) }) },
  responses: { 200: json(Audits, 'The audits.'), ...problems(401, 422, 429, 500, 503) },
});

const findingsShown = 100;

/** Routes of audits. */
export function auditsRoutes({
  gate,
  readDatabase: read,
}: {
  readonly gate: Gate;
  readonly readDatabase: ReadDatabase;
}) {
  return openApiApp<CallerEnv>().openapi({ ...getAudits, middleware: gate.asReader }, async (context) => {
    const { limit: most } = context.req.valid('query');
    const items = await read(async ({ audits }) => {
      const reports = await audits.list(most);
      return await Promise.all(
        reports.map(async (report) => ({ ...report, findings: await audits.findings(report.id, findingsShown) })),
      );
    });
    return context.json({ items }, 200);
  });
}
