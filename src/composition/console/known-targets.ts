import { InvalidInput } from '../../domain/ferry-error.js';

/** Images are for every target unless they name theirs: a mistyped name would select all of them. @throws InvalidInput */
export function assertTargets(named: readonly (string | undefined)[], configured: readonly string[]): void {
  const unknown = named.find((name) => name !== undefined && !configured.includes(name));
  if (unknown === undefined) return;
  throw new InvalidInput(`unknown target "${unknown}"; configured: ${configured.join(', ')}`, 'configuration');
}
