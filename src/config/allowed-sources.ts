import { canonicalSource, sourcePatternFault, wellKnownRegistries } from '../domain/source-allow-list.js';
import type { SourceRules } from '../domain/source-allow-list.js';
import type { Target } from '../domain/target.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';

/** An entry of the list that stands for the well-known and the configured registries; also the default of the list. */
const defaults = 'defaults';

/**
 * Reads `FERRY_ALLOWED_SOURCES`: hosts, `*.example.com`, `*` or `defaults`, separated by commas or white space.
 *
 * @param hosts hosts that the configuration describes
 */
export function readAllowedSources(
  environment: Environment,
  hosts: readonly string[],
  targets: readonly Target[],
  errors: ConfigErrors,
): SourceRules {
  const sources = hosts.filter((host) => !targets.some(({ registry }) => registry === host));
  const standard = [...wellKnownRegistries, ...sources.map(canonicalSource)];
  const given = errors.try(() => environment.value('FERRY_ALLOWED_SOURCES')) ?? defaults;
  const patterns = given.split(/[\s,]+/).filter((pattern) => pattern !== '');
  const allowed = patterns.flatMap((pattern) => {
    if (pattern === defaults) return standard;
    const host = pattern.toLowerCase();
    const fault = sourcePatternFault(host);
    if (fault !== undefined) errors.add(`FERRY_ALLOWED_SOURCES: ${fault}`);
    return [canonicalSource(host)];
  });
  return {
    allowed,
    trusted: hosts,
    targets: targets.map(({ name, registry, namespace }) => ({ name, registry, namespace })),
  };
}
