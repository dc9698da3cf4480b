import { OpenAPIHono } from '@hono/zod-openapi';
import type { Env } from 'hono';
import type * as z from 'zod';

import { refusal } from './problems.js';

/** An app whose routes are in the OpenAPI document; what does not match a route's schemas is answered 422. */
export function openApiApp<E extends Env = Env>(): OpenAPIHono<E> {
  return new OpenAPIHono<E>({
    defaultHook: (result) => {
      if (!result.success) throw invalidRequest(result.error);
    },
  });
}

/** A refusal that names each field that is wrong. */
export function invalidRequest({ issues }: Pick<z.ZodError, 'issues'>): Error {
  const faults = issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`,
  );
  return refusal(422, `Invalid request: ${faults.join('; ').slice(0, 500)}`);
}
