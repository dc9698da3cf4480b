import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { refusal } from '../problems.js';
import type { CallerEnv, Gate } from './caller.js';
import { Finding, Target, TargetParams, Targets } from './target-schemas.js';

/** The configured targets, with what is known of them. */
export interface TargetViews {
  readonly names: readonly string[];
  list(): Promise<readonly z.infer<typeof Target>[]>;
  /** Checks a target now, as "ferry doctor" does. */
  check(name: string): Promise<z.infer<typeof Finding>>;
}

export interface TargetsRoutesOptions {
  readonly gate: Gate;
  readonly targets: TargetViews;
}

const getTargets = createRoute({
  method: 'get',
  path: '/targets',
  summary: 'The configured targets, with the finding of their last check',
  ...bearerToken,
  responses: { 200: json(Targets, 'Every configured target.'), ...problems(401, 429, 500, 503) },
});

const postCheck = createRoute({
  method: 'post',
  path: '/targets/{name}/check',
  summary: 'Checks a target now, as "ferry doctor" does',
  ...bearerToken,
  request: { params: TargetParams },
  responses: { 200: json(Finding, 'What was found.'), ...problems(401, 403, 404, 422, 429, 500, 503) },
});

/** Routes of targets. */
export function targetsRoutes({ gate, targets }: TargetsRoutesOptions) {
  return openApiApp<CallerEnv>()
    .openapi({ ...getTargets, middleware: gate.asReader }, async (context) => {
      return context.json({ items: await targets.list() }, 200);
    })
    .openapi({ ...postCheck, middleware: gate.asOperator }, async (context) => {
      const { name } = context.req.valid('param');
      if (!targets.names.includes(name)) {
        throw refusal(404, `unknown target; configured: ${targets.names.join(', ')}`);
      }
      return context.json(await targets.check(name), 200);
    });
}
