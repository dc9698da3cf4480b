import type { SourceRules } from '../domain/source-allow-list.js';
import { canonicalSource, sourcePatternFault, wellKnownRegistries } from '../domain/source-allow-list.js';
import type { Target } from '../domain/target.js';
import type { Environment } from './environment.js';
import type { ConfigErrors } from './config-errors.js';

/** In the list: the well-known registries and the configured ones, which are the whole list when none is given. */
const defaults = 'defaults';

/**
 * `FERRY_ALLOWED_SOURCES`: hosts, `*.example.com`, `*` or `defaults`, with commas or white space between.
 *
 * @param hosts those that the configuration says how to reach
 */
export function readAllowedSources(
  environment: Environment,
  hosts: readonly string[],
  targets: readonly Target[],
  faults: ConfigErrors,
): SourceRules {
  const sources = hosts.filter((host) => !targets.some(({ registry }) => registry === host));
  const standard = [...wellKnownRegistries, ...sources.map(canonicalSource)];
  const given = faults.try(() => environment.value('FERRY_ALLOWED_SOURCES')) ?? defaults;
  const patterns = given.split(/[\s,]+/).filter((pattern) => pattern !== '');
  const allowed = patterns.flatMap((pattern) => {
    if (pattern === defaults) return standard;
    const host = pattern.toLowerCase();
    const fault = sourcePatternFault(host);
    if (fault !== undefined) faults.add(`FERRY_ALLOWED_SOURCES: ${fault}`);
    return [canonicalSource(host)];
  });
  return {
    allowed,
    trusted: hosts,
    targets: targets.map(({ name, registry, namespace }) => ({ name, registry, namespace })),
  };
}
