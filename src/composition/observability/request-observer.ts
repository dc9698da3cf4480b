import type { RequestObserver } from '@image-ferry/registry';

import { currentContext } from '../../observability/context/work-context.js';
import type { Tracing } from '../../observability/tracing/tracing.js';

/** A span for each request to a registry that is part of a trace. It has no path, no query and no header. */
export function requestObserver(tracing: Tracing | undefined): RequestObserver | undefined {
  if (tracing === undefined) return undefined;
  return ({ method, host, resource, side }) => {
    if (currentContext().trace === undefined) return () => {};
    const { hostname, port } = new URL(`http://${host}`);
    const span = tracing.begin({
      name: `${method} ${resource}`,
      kind: 'client',
      attributes: {
        'http.request.method': method,
        'server.address': hostname,
        'server.port': port === '' ? undefined : Number(port),
        'ferry.resource': resource,
        'ferry.side': side,
      },
    });
    return ({ status, error }) =>
      span.end({
        attributes: { 'http.response.status_code': status },
        error: error ?? (status !== undefined && status >= 500 ? String(status) : undefined),
      });
  };
}
