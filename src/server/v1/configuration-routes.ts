import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import type { CallerEnv, Gate } from './caller.js';
import { Configuration } from './configuration-schemas.js';

export interface ConfigurationRoutesOptions {
  readonly gate: Gate;
  /** The configuration that this server reads, without secrets. */
  readonly configuration: () => z.infer<typeof Configuration>;
}

const getConfiguration = createRoute({
  method: 'get',
  path: '/configuration',
  summary: 'Each setting with where it comes from; secrets only as set or not set',
  ...bearerToken,
  responses: { 200: json(Configuration, 'The configuration of this server.'), ...problems(401, 429, 500) },
});

/** The route of the configuration. */
export function configurationRoutes({ gate, configuration }: ConfigurationRoutesOptions) {
  return openApiApp<CallerEnv>().openapi({ ...getConfiguration, middleware: gate.asReader }, (context) =>
    context.json(configuration(), 200),
  );
}
