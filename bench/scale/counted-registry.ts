import type { LoggedRequest } from '../../demo/access-log.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { cpuTimesOf } from '../process-usage.js';

/** Requests since the start, by what they ask: `HEAD manifests`, `PUT uploads`, … */
export type RequestCounts = Readonly<Record<string, number>>;

/** A registry, real or made up, that can say what it was asked. */
export interface CountedRegistry {
  readonly port: number;
  cpuMs(): number;
  requests(): Promise<RequestCounts>;
}

export function counted(server: RegistryServer): CountedRegistry {
  return {
    port: server.port,
    cpuMs: () => cpuTimesOf(server.pid).ownMs,
    async requests() {
      const counts: Record<string, number> = {};
      for (const request of await server.requests()) {
        const kind = kindOf(request);
        counts[kind] = (counts[kind] ?? 0) + 1;
      }
      return counts;
    },
  };
}

export function kindOf({ method, path }: Pick<LoggedRequest, 'method' | 'path'>): string {
  if (path.includes('/manifests/')) return `${method} manifests`;
  if (path.includes('/blobs/uploads')) return `${method} uploads`;
  if (path.includes('/blobs/')) return `${method} blobs`;
  return `${method} other`;
}

/** What came between two counts, of several registries together. */
export function requestsBetween(before: readonly RequestCounts[], after: readonly RequestCounts[]): RequestCounts {
  const counts: Record<string, number> = {};
  const add = (of: readonly RequestCounts[], sign: number): void => {
    for (const [kind, count] of of.flatMap(Object.entries<number>)) counts[kind] = (counts[kind] ?? 0) + sign * count;
  };
  add(after, 1);
  add(before, -1);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}
