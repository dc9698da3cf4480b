import type { CopyProgress } from '@image-ferry/registry';
import { log } from '@temporalio/activity';

import { NewStalls } from '../domain/new-stalls.js';
import { describeContinued, describeStall } from '../domain/transfer-meter.js';

/** Logs each break and each stall of an image's copy once. */
export function breakLog(image: string): (progress: CopyProgress) => void {
  const stalls = new NewStalls();
  return (progress) => {
    const isNewStall = stalls.isNew(progress);
    if (progress.type === 'continued') {
      const { target, digest } = progress;
      log.info(`upload ${describeContinued(progress)}`, { image, target, digest });
    } else if (progress.type === 'stalled' && isNewStall) {
      const { target, digest } = progress;
      log.warn(`transfer ${describeStall(progress)}`, { image, target, digest });
    }
  };
}
