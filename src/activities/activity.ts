import { activityInfo } from '@temporalio/activity';

import { toFailure } from './to-failure.js';

type Activity<I extends readonly unknown[], O> = (...input: I) => Promise<O>;

/** An activity whose errors leave it as Temporal failures: the only way that one should be made. */
export function activity<I extends readonly unknown[], O>(work: Activity<I, O>): Activity<I, O> {
  return async (...input) => {
    try {
      return await work(...input);
    } catch (error) {
      throw toFailure(error, activityInfo().attempt);
    }
  };
}
