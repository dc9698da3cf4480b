import type { PendingImage, PlannedImage, PlanSink, PlanSummary, RefusedRow } from '../../src/domain/sync-plan.js';
import type { PlanStore } from '../../src/database/plan-store.js';
import type { Target } from '../../src/domain/target.js';

export interface WholePlan extends PlanSummary {
  readonly images: readonly PlannedImage[];
  readonly refusedRows: readonly RefusedRow[];
}

/** A plan in one piece. */
export async function wholePlan(make: (sink: PlanSink) => Promise<PlanSummary>): Promise<WholePlan> {
  const images: PlannedImage[] = [];
  const refusedRows: RefusedRow[] = [];
  const sink: PlanSink = {
    image: (image) => void images.push(image),
    refusedRow: (row) => void refusedRows.push(row),
  };
  return { ...(await make(sink)), images, refusedRows };
}

/** What a pass would find, in one piece. */
export async function pendingImages(plan: PlanStore, targets: readonly Target[]): Promise<readonly PendingImage[]> {
  const images: PendingImage[] = [];
  for await (const page of plan.pendingImages(targets)) images.push(...page);
  return images;
}
