import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import type { Stores } from '../../database/stores.js';
import type { BulkAction, BulkRow, BulkSelection } from '../../database/wanted/bulk-actions.js';
import { FerryError, InvalidInput } from '../../domain/ferry-error.js';
import type { PendingPlan } from '../../domain/plan-types.js';
import { wantedSelection } from '../../domain/wanted-platforms.js';
import { wantedTargets } from '../../domain/wanted-targets.js';
import type { ConsoleWork } from '../../server/v1/console-work.js';
import type { ImageActions } from '../../server/v1/image-actions-routes.js';
import type { StatusDatabase } from '../status-database.js';
import { assertTargets } from './known-targets.js';
import { planInTime } from './plan-in-time.js';
import type { TimedPlanOptions } from './plan-in-time.js';

type Request = Parameters<ImageActions['apply']>[0];

export interface ImageActionsOptions extends Pick<TimedPlanOptions, 'config' | 'configFault' | 'withinMs'> {
  readonly reading: StatusDatabase;
  readonly writing: StatusDatabase;
  readonly work: Pick<ConsoleWork, 'requestSync'>;
  /** Names of the configured targets. */
  readonly targets: readonly string[];
}

const mostShown = 100;
/** Images whose rows are read together for a plan. */
const plannedTogether = 20;

/** Changes of many images, and what they would do. */
export function createImageActions(options: ImageActionsOptions): ImageActions {
  const { reading, writing, work, targets } = options;
  return {
    async apply(request, { name }) {
      assertTargets([request.target, request.filter?.target], targets);
      const action = actionOf(request);
      const who = `console: ${name}`;
      const { selected, changed } = await writing.read(async ({ actions }) => {
        const found = await actions.select(selectionOf(request), action);
        return { selected: found, changed: await actions.apply(found.rows, action, who) };
      });
      const refused = refusedOf(selected.unaffected, action);
      const done = { action: request.action, ...changed, refused };
      if (action.kind === 'remove' || changed.rows === 0) return { ...done, syncRequested: false };
      try {
        await work.requestSync(`${who}: ${request.action}`);
        return { ...done, syncRequested: true };
      } catch (error) {
        if (!(error instanceof FerryError)) throw error;
        return { ...done, syncRequested: false, fault: error.message };
      }
    },
    async preview(request, signal) {
      assertTargets([request.target, request.filter?.target], targets);
      const action = actionOf(request);
      return await reading.read(async (stores) => {
        const { rows, unaffected } = await stores.actions.select(selectionOf(request), action);
        const images = [...new Set(rows.map(({ image }) => image))];
        const preview = {
          action: request.action,
          images: images.length,
          rows: rows.length,
          sample: images.slice(0, mostShown),
          refused: refusedOf(unaffected, action),
        };
        if (action.kind === 'remove' || images.length === 0) return preview;
        const plans = pendingPlans(stores, rows, action);
        return { ...preview, ...(await planInTime(plans, { ...options, stores, signal })) };
      });
    },
  };
}

function actionOf({ action, target }: Request): BulkAction {
  return action === 'backfill' ? { kind: action, target: target ?? '' } : { kind: action };
}

function selectionOf({ images = [], filter }: Request): BulkSelection {
  return filter === undefined ? { images: images.map(canonical) } : { filter };
}

/** A text that is no reference may be the columns of a row. */
function canonical(image: string): string {
  try {
    return printImageReference(parseImageReference(image));
  } catch (error) {
    if (error instanceof InvalidInput) return image;
    throw error;
  }
}

function refusedOf(images: readonly string[], { kind }: BulkAction) {
  const reason = {
    retry: 'it is not wanted, or pushed already: "force" copies it again',
    force: 'it is not wanted',
    remove: 'it is not wanted',
    backfill: 'it is not pushed, not for this target, or there already',
  }[kind];
  return images.slice(0, mostShown).map((image) => ({ image, reason }));
}

async function* pendingPlans(
  { wanted }: Stores,
  rows: readonly BulkRow[],
  { kind }: BulkAction,
): AsyncGenerator<readonly PendingPlan[]> {
  const images = [...new Set(rows.map(({ image }) => image))];
  for (let start = 0; start < images.length; start += plannedTogether) {
    const plans: PendingPlan[] = [];
    for (const image of images.slice(start, start + plannedTogether)) {
      const { rows: own } = await wanted.wantedRows(image);
      const platforms = wantedSelection(own);
      // A row that names no image is blocked again.
      if (own.length === 0 || platforms.length === 0) continue;
      plans.push({ image, platforms, targets: wantedTargets(own), toAdopt: false, force: kind === 'force' });
    }
    yield plans;
  }
}
