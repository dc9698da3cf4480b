import { FerryError } from '../domain/ferry-error.js';
import type { Variables } from './environment.js';
import { readConfig, readRequestConfig, readSchedulingConfig, readTargetsConfig } from './read-config.js';
import type { FerryConfig, RequestConfig, SchedulingConfig, TargetsConfig } from './read-config.js';

/** What the console shows and does beyond the webhooks: a server that only takes webhooks needs none of it. */
export interface ConsoleConfig
  extends Pick<TargetsConfig, 'targets'>, Pick<SchedulingConfig, 'upstreams' | 'schedules'> {
  /** Everything, as a worker needs it; absent if it is invalid or has no target. */
  readonly whole?: FerryConfig | undefined;
  readonly request?: RequestConfig | undefined;
  /** Why `whole` is absent. */
  readonly fault?: string | undefined;
}

/** Reads as much as there is: each part that is invalid is left out. */
export function readConsoleConfig(variables: Variables): ConsoleConfig {
  const whole = attempt(() => readConfig(variables));
  const scheduling = attempt(() => readSchedulingConfig(variables)).value;
  return {
    targets: attempt(() => readTargetsConfig(variables)).value?.targets ?? [],
    upstreams: scheduling?.upstreams ?? [],
    schedules: scheduling?.schedules ?? { areKept: false, settings: [], off: [] },
    whole: whole.value,
    request: attempt(() => readRequestConfig(variables)).value,
    fault: whole.fault,
  };
}

function attempt<T>(read: () => T): { readonly value?: T; readonly fault?: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof FerryError) return { fault: error.message };
    throw error;
  }
}
