import { answerError } from './scripted-registry.js';
import type { Exchange, ScriptedRegistry } from './scripted-registry.js';

/** A source that counts manifest reads as Docker Hub does: GETs of the last `windowMs`, refused above `limit`. */
export interface MeteredSource {
  /** The time of each counted read, as `performance.now()`. */
  readonly pulls: readonly number[];
  /** Reads that were refused. */
  readonly refused: number;
  /** The most reads in any window. */
  mostInAWindow(): number;
}

export function meter(
  registry: ScriptedRegistry,
  {
    limit,
    windowMs,
    rateLimitSource,
  }: { readonly limit: number; readonly windowMs: number; readonly rateLimitSource?: string },
): MeteredSource {
  const pulls: number[] = [];
  let refused = 0;
  const inWindowBefore = (end: number): number => pulls.filter((at) => at > end - windowMs && at <= end).length;
  const announce = ({ response }: Exchange): void => {
    const window = `w=${windowMs / 1000}`;
    response.setHeader('ratelimit-limit', `${limit};${window}`);
    response.setHeader('ratelimit-remaining', `${limit - inWindowBefore(performance.now())};${window}`);
    if (rateLimitSource !== undefined) response.setHeader('docker-ratelimit-source', rateLimitSource);
  };
  registry.when('HEAD', /\/manifests\//, async (exchange) => {
    announce(exchange);
    await exchange.ordinary();
  });
  registry.when('GET', /\/manifests\//, async (exchange) => {
    const now = performance.now();
    if (inWindowBefore(now) >= limit) {
      refused += 1;
      announce(exchange);
      answerError(exchange.response, 429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.');
      return;
    }
    pulls.push(now);
    announce(exchange);
    await exchange.ordinary();
  });
  return {
    pulls,
    get refused() {
      return refused;
    },
    mostInAWindow: () => Math.max(0, ...pulls.map(inWindowBefore)),
  };
}
