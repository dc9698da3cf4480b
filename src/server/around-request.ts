import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';

/** Headers of a request that say what it is part of; anyone may have written them. */
export interface RequestOrigin {
  readonly method: string;
  readonly requestId?: string | undefined;
  readonly traceparent?: string | undefined;
}

/** Runs the handling of a request, and gives it its ID. */
export type AroundRequest = (
  origin: RequestOrigin,
  respond: (requestId: string) => Promise<{ readonly route: string; readonly status: number }>,
) => Promise<void>;

/** Everything that handles a request, and its answer, has the ID of `X-Request-ID`, or a new one. */
export function withRequestId(around: AroundRequest): MiddlewareHandler {
  return async (context, next) => {
    const { req } = context;
    const origin = {
      method: req.method,
      requestId: req.header('x-request-id'),
      traceparent: req.header('traceparent'),
    };
    await around(origin, async (requestId) => {
      await next();
      context.header('x-request-id', requestId);
      // The pattern, never the path, which may contain a secret.
      return { route: routePath(context, -1), status: context.res.status };
    });
  };
}
