import type { PlanStore } from '../../src/database/plan-store.js';
import type { PendingPlan, PlannedImage, PlanSink, PlanSummary, RefusedRow } from '../../src/domain/plan-types.js';
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

/** The images that a sync run would find pending, in one piece. */
export async function pendingImages(plan: PlanStore, targets: readonly Target[]): Promise<readonly PendingPlan[]> {
  const images: PendingPlan[] = [];
  for await (const page of plan.pendingImages(targets)) images.push(...page);
  return images;
}
