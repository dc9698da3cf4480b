import { ServiceError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import { expect, test } from 'vitest';

import { toFailure } from '../../src/activities/to-failure.js';
import { syncRequester } from '../../src/composition/sync-requester.js';

const away = {
  client: {} as Client,
  withDeadline: async () => await Promise.reject(new ServiceError('Failed to signalWithStart Workflow')),
  close: async () => undefined,
};

test('a sync request that Temporal does not accept is retried without limit', async () => {
  const requester = syncRequester(away);
  const requests = [
    requester.requestSync({ id: '1', reason: 'add-image' }),
    requester.requestSyncAt({ at: 0, reason: 'a source is free again' }),
  ];

  for (const { reason } of (await Promise.allSettled(requests)) as PromiseRejectedResult[]) {
    const failure = toFailure(reason, 50) as ApplicationFailure;
    expect([failure.type, failure.nonRetryable]).toEqual(['temporal', false]);
  }
  expect.assertions(2);
});
