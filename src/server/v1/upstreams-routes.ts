import { createRoute } from '@hono/zod-openapi';
import type * as z from 'zod';

import { fetchId } from '../../domain/upstream.js';
import type { Upstream as ConfiguredUpstream } from '../../domain/upstream.js';
import { bearerToken, json, problems } from '../answer-schemas.js';
import { openApiApp } from '../open-api-app.js';
import { refusal } from '../problems.js';
import type { ReadDatabase } from '../read-database.js';
import { assertJsonType, jsonBody, limitedBody } from '../request-body.js';
import { temporalFault } from '../temporal-fault.js';
import type { CallerEnv, Gate } from './caller.js';
import type { ConsoleWork } from './console-work.js';
import { knownChecks } from './known-checks.js';
import type { ReleaseFiles } from './release-files.js';
import {
  CheckRequest,
  CheckRequested,
  ReleaseParams,
  ReleaseQuery,
  Upstream,
  UpstreamParams,
  Upstreams,
} from './upstream-schemas.js';

export interface UpstreamsRoutesOptions {
  readonly gate: Gate;
  readonly upstreams: readonly ConfiguredUpstream[];
  readonly readDatabase: ReadDatabase;
  readonly work: Pick<ConsoleWork, 'checks' | 'requestCheck'>;
  readonly releases: ReleaseFiles;
}

const checksShown = 20;

const getUpstreams = createRoute({
  method: 'get',
  path: '/upstreams',
  summary: 'The configured upstreams with their last checks',
  ...bearerToken,
  responses: { 200: json(Upstreams, 'Every configured upstream.'), ...problems(401, 429, 500, 503) },
});

const postCheck = createRoute({
  method: 'post',
  path: '/upstreams/{name}/check',
  summary: 'Checks an upstream for new images now',
  ...bearerToken,
  request: { params: UpstreamParams, body: { required: true, ...json(CheckRequest, 'what of the release is wanted') } },
  responses: {
    202: json(CheckRequested, 'Temporal has the request.'),
    ...problems(400, 401, 403, 404, 413, 415, 422, 429, 500, 503),
  },
});

const getCompose = createRoute({
  method: 'get',
  path: '/upstreams/{name}/releases/{version}/compose',
  summary: 'The compose file of a release, in which images have the names of a target',
  ...bearerToken,
  request: { params: ReleaseParams, query: ReleaseQuery },
  responses: {
    200: {
      description:
        'The file as the project published it, with other image names; "latest" is the last handled release.',
      content: { 'application/yaml': { schema: { type: 'string' } } },
    },
    ...problems(401, 404, 409, 422, 429, 500, 503),
  },
});

/** Routes of upstreams. */
export function upstreamsRoutes({ gate, upstreams, readDatabase: read, work, releases }: UpstreamsRoutesOptions) {
  return openApiApp<CallerEnv>()
    .openapi({ ...getUpstreams, middleware: gate.asReader }, async (context) => {
      const { checks, temporalFault } = await askTemporal();
      const items: z.infer<typeof Upstream>[] = [];
      for (const upstream of upstreams) {
        const { name, kind, schedule } = upstream;
        const [standing, recorded] = await read(async ({ overview, checks: store }) => [
          await overview.handled(name),
          await store.last(name, checksShown),
        ]);
        items.push({
          name,
          kind,
          source: kind === 'tags' ? upstream.image : upstream.repository,
          schedule: schedule === undefined ? undefined : fetchId(name),
          release: standing?.release,
          files: standing?.release === undefined ? [] : await releases.targetsOf(name, standing.release),
          handledAt: standing?.handledAt,
          checkedAt: standing?.checkedAt,
          checks: knownChecks(checks.get(name) ?? [], recorded, checksShown),
        });
      }
      return context.json({ items, temporalFault }, 200);
    })
    .openapi({ ...getCompose, middleware: gate.asReader }, async (context) => {
      const { name, version } = context.req.valid('param');
      assertConfigured(name);
      const found = await releases.compose(name, version, context.req.valid('query').target);
      if (found.kind === 'unknown') throw refusal(404, found.reason);
      if (found.kind === 'incomplete') throw refusal(409, `${name} ${version}: ${found.reason}`);
      return context.body(found.text, 200, {
        'content-type': 'application/yaml; charset=utf-8',
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(`${name}-${found.release}.yaml`)}`,
      });
    })
    .openapi(
      { ...postCheck, middleware: [gate.asOperator, limitedBody(), jsonBody(assertJsonType)] },
      async (context) => {
        const { name } = context.req.valid('param');
        assertConfigured(name);
        await work.requestCheck(name, context.req.valid('json').scope);
        return context.json({ upstream: name, requested: true as const }, 202);
      },
    );

  function assertConfigured(name: string): void {
    if (upstreams.some((upstream) => upstream.name === name)) return;
    throw refusal(404, `unknown upstream; configured: ${upstreams.map((upstream) => upstream.name).join(', ')}`);
  }

  async function askTemporal() {
    try {
      return { checks: await work.checks() };
    } catch (error) {
      return { checks: new Map<string, never[]>(), temporalFault: temporalFault(error) };
    }
  }
}
