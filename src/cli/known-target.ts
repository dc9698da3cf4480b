import type { TargetsConfig } from '../config/read-config.js';
import { InvalidInput } from '../domain/ferry-error.js';

/** @throws InvalidInput if no target has the name that `--target` gives */
export function assertTarget(name: string, { targets }: Pick<TargetsConfig, 'targets'>): void {
  if (targets.some((target) => target.name === name)) return;
  const known = targets.map((target) => target.name).join(', ');
  throw new InvalidInput(`--target ${name}: unknown target; configured: ${known}`, 'configuration');
}
