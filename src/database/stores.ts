import type { ImageOutcome } from '../domain/wanted-image.js';
import { AuditStore } from './audit-store.js';
import { BlobLocationStore } from './blob-location-store.js';
import { DeliveryStore } from './delivery-store.js';
import { EndedSessionStore } from './ended-session-store.js';
import type { FerryDatabase } from './ferry-database.js';
import { HostHabitStore } from './host-habit-store.js';
import { ImageQueries } from './image-queries.js';
import { MeasureQueries } from './measure-queries.js';
import { NotificationPlanStore } from './notification-plan-store.js';
import { NotificationStore } from './notification-store.js';
import { OverviewQueries } from './overview-queries.js';
import { PlanReadsStore } from './plan-reads-store.js';
import { PlanStore } from './plan-store.js';
import { PullBudgetStore } from './pull-budget-store.js';
import { MirroredImageQueries } from './pushed/mirrored-images.js';
import { PushedImageStore } from './pushed/pushed-image-store.js';
import { ReleaseStore } from './release-store.js';
import { RequestStore } from './request-store.js';
import { RollbackStore } from './rollback-store.js';
import { RunStore } from './run-store.js';
import { StatusQueries } from './status-queries.js';
import { TagCheckStore } from './tag-check-store.js';
import { TargetNameStore } from './target-name-store.js';
import { UploadSessionStore } from './upload-session-store.js';
import { UpstreamCheckStore } from './upstream-check-store.js';
import { UpstreamStore } from './upstream-store.js';
import { RowActions } from './wanted/row-actions.js';
import { WantedImageStore } from './wanted/wanted-image-store.js';

/** All stores of one open database. */
export interface Stores {
  readonly wanted: WantedImageStore;
  readonly names: TargetNameStore;
  readonly pushed: PushedImageStore;
  readonly runs: RunStore;
  readonly deliveries: DeliveryStore;
  readonly blobs: BlobLocationStore;
  readonly uploads: UploadSessionStore;
  readonly habits: HostHabitStore;
  readonly status: StatusQueries;
  readonly mirrored: MirroredImageQueries;
  readonly images: ImageQueries;
  readonly overview: OverviewQueries;
  readonly measures: MeasureQueries;
  readonly requests: RequestStore;
  readonly actions: RowActions;
  readonly states: UpstreamStore;
  readonly checks: UpstreamCheckStore;
  readonly endedSessions: EndedSessionStore;
  readonly releases: ReleaseStore;
  readonly tags: TagCheckStore;
  readonly budgets: PullBudgetStore;
  readonly plan: PlanStore;
  readonly reads: PlanReadsStore;
  readonly notifications: NotificationStore;
  readonly notificationPlans: NotificationPlanStore;
  readonly audits: AuditStore;
  readonly rollbacks: RollbackStore;
}

/** Called after what they name was committed; they must not throw. */
export interface StoreEvents {
  readonly onOutcomes?: ((outcomes: readonly ImageOutcome[]) => void) | undefined;
  readonly onRunFinished?: ((durationMs: number) => void) | undefined;
}

export function createStores(database: FerryDatabase, { onOutcomes, onRunFinished }: StoreEvents = {}): Stores {
  const wanted = new WantedImageStore(database);
  const names = new TargetNameStore(database);
  const pushed = new PushedImageStore(database, onOutcomes);
  return {
    wanted,
    names,
    pushed,
    runs: new RunStore(database, onRunFinished),
    deliveries: new DeliveryStore(database),
    blobs: new BlobLocationStore(database),
    uploads: new UploadSessionStore(database),
    habits: new HostHabitStore(database),
    status: new StatusQueries(database),
    mirrored: new MirroredImageQueries(database),
    images: new ImageQueries(database),
    overview: new OverviewQueries(database),
    measures: new MeasureQueries(database),
    requests: new RequestStore(database),
    actions: new RowActions(database),
    states: new UpstreamStore(database),
    checks: new UpstreamCheckStore(database),
    endedSessions: new EndedSessionStore(database),
    releases: new ReleaseStore(database),
    tags: new TagCheckStore(database),
    budgets: new PullBudgetStore(database),
    plan: new PlanStore(database),
    reads: new PlanReadsStore(database, { wanted, names, pushed }),
    notifications: new NotificationStore(database),
    notificationPlans: new NotificationPlanStore(database),
    audits: new AuditStore(database),
    rollbacks: new RollbackStore(database),
  };
}
