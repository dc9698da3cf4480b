import type * as z from 'zod';

import type { ScheduleView } from '../../client/schedule-actions.js';
import type { FetchScope } from '../../domain/upstream.js';
import type { Progress } from './run-schemas.js';
import type { UpstreamCheck } from './upstream-schemas.js';

/** What the console asks Temporal. Each call throws FerryError `temporal` when Temporal does not answer. */
export interface ConsoleWork {
  /** Undefined while no sync run is in progress, or no worker answers. */
  progress(): Promise<z.infer<typeof Progress> | undefined>;
  requestSync(reason: string): Promise<void>;
  /** @returns whether a run was in progress */
  cancelSync(): Promise<boolean>;
  schedules(ids: readonly string[]): Promise<readonly ScheduleView[]>;
  /** @returns whether the schedule exists */
  changeSchedule(id: string, change: { readonly action: ScheduleAction; readonly note: string }): Promise<boolean>;
  /** The last checks of upstreams, the newest first, by the upstream's name. */
  checks(): Promise<ReadonlyMap<string, readonly z.infer<typeof UpstreamCheck>[]>>;
  requestCheck(upstream: string, scope?: FetchScope): Promise<void>;
}

export type ScheduleAction = 'pause' | 'resume' | 'trigger';
