import type { StoreEvents } from '../../database/stores.js';
import { withoutFault } from '../../observability/metrics/meter.js';
import type { Meter } from '../../observability/metrics/meter.js';

/** Counts what is recorded in the database: attempts by the code of their fault, and how long runs took. */
export function meteredStores(meter: Pick<Meter, 'attempted' | 'runFinished'>): StoreEvents {
  return {
    onOutcomes: (outcomes) => {
      for (const { sourceFault, targets } of outcomes) {
        if (sourceFault !== undefined) meter.attempted(sourceFault.code);
        for (const target of targets) meter.attempted('code' in target ? target.code : withoutFault);
      }
    },
    onRunFinished: (durationMs) => meter.runFinished(durationMs / 1_000),
  };
}
