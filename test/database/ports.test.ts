import { expectTypeOf, test } from 'vitest';

import type { UpstreamStates } from '../../src/activities/fetch-ports.js';
import type {
  Deliveries,
  PullBudgets,
  PushedImages,
  Runs,
  TargetNames,
  WantedImages,
} from '../../src/activities/ports.js';
import type { Stores } from '../../src/database/stores.js';

test('the stores are what activities ask for', () => {
  expectTypeOf<Stores['wanted']>().toExtend<WantedImages>();
  expectTypeOf<Stores['names']>().toExtend<TargetNames>();
  expectTypeOf<Stores['pushed']>().toExtend<PushedImages>();
  expectTypeOf<Stores['runs']>().toExtend<Runs>();
  expectTypeOf<Stores['deliveries']>().toExtend<Deliveries>();
  expectTypeOf<Stores['budgets']>().toExtend<PullBudgets>();
  expectTypeOf<Stores['states']>().toExtend<UpstreamStates>();
});
