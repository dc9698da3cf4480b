import type * as z from 'zod';

import type { FerryConfig } from '../../config/read-config.js';
import type { Stores } from '../../database/stores.js';
import { FerryError } from '../../domain/ferry-error.js';
import { addToTotals, emptyTotals } from '../../domain/plan-types.js';
import type { PendingPlan, PlanTotals } from '../../domain/plan-types.js';
import type { PlanFigures } from '../../server/v1/image-action-schemas.js';
import { planOfImages } from '../open-sync-plan.js';

export interface TimedPlanOptions {
  readonly stores: Stores;
  /** Absent: `configFault` says why. */
  readonly config?: FerryConfig | undefined;
  readonly configFault?: string | undefined;
  readonly signal: AbortSignal;
  /** Default: 8 s. */
  readonly withinMs?: number | undefined;
}

export interface TimedPlan {
  readonly plan?: z.infer<typeof PlanFigures> | undefined;
  readonly planFault?: string | undefined;
}

const standardMs = 8_000;

/** What a sync run would do for images, as far as that can be found out in time and without a pull. */
export async function planInTime(
  images: AsyncIterable<readonly PendingPlan[]>,
  { stores, config, configFault, signal, withinMs = standardMs }: TimedPlanOptions,
): Promise<TimedPlan> {
  if (config === undefined) return { planFault: configFault ?? 'no target is configured' };
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  let totals = emptyTotals;
  const sink = {
    image: (image: Parameters<typeof addToTotals>[1]) => void (totals = addToTotals(totals, image)),
    refusedRow: () => undefined,
  };
  try {
    await planOfImages(config, images, sink, { stores, spendPulls: false, signal: inTime });
    return { plan: figuresOf(totals, true) };
  } catch (error) {
    if (inTime.aborted) return { plan: figuresOf(totals, false) };
    if (error instanceof FerryError) return { planFault: error.message };
    throw error;
  }
}

function figuresOf({ images, pulls, bytesToRead, bytesToSend }: PlanTotals, isComplete: boolean) {
  const planned = Object.values(images).reduce((sum, count) => sum + count, 0);
  return { images: planned, isComplete, ...images, pulls, bytesToRead, bytesToSend };
}
