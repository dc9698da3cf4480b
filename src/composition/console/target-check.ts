import { runChecks } from '../../checks/check.js';
import { ObservedClocks, targetCheck } from '../../checks/registry-checks.js';
import type { FerryConfig } from '../../config/read-config.js';
import type { Target } from '../../domain/target.js';
import { allCredentials, openRegistries } from '../registries.js';
import type { TargetViewsOptions } from './target-views.js';

/** Checks one target as `ferry doctor` does. */
export function createTargetCheck(
  config: FerryConfig | undefined,
  fault: string | undefined,
): TargetViewsOptions['check'] {
  return async (target: Target) => {
    if (config === undefined) {
      return { ok: false, isWarning: false, message: fault ?? 'the configuration is invalid', code: 'configuration' };
    }
    const registries = openRegistries(config);
    try {
      const check = targetCheck(target, allCredentials(config), registries, new ObservedClocks());
      const [finding] = await runChecks([check]);
      const { ok = false, warning = false, message = '', code, facts } = finding ?? {};
      return { ok, isWarning: warning, message, code, facts };
    } finally {
      registries.close();
    }
  };
}
