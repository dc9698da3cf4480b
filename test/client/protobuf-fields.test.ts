import { temporal } from '@temporalio/proto';
import { expect, test } from 'vitest';

import { bytesField, numberField, valuesOf } from '../../src/client/glance/protobuf-fields.js';

const { CountWorkflowExecutionsResponse, DescribeTaskQueueRequest, DescribeTaskQueueResponse } =
  temporal.api.workflowservice.v1;

test('requests are read by protobuf as they were meant', () => {
  const namespace = 'n'.repeat(300);
  const bytes = Buffer.concat([
    bytesField(1, namespace),
    bytesField(2, bytesField(1, 'image-ferry')),
    numberField(3, 2),
  ]);

  const request = DescribeTaskQueueRequest.decode(bytes);

  expect(request.namespace).toBe(namespace);
  expect(request.taskQueue?.name).toBe('image-ferry');
  expect(request.taskQueueType).toBe(2);
});

test('responses are read as protobuf writes them', () => {
  const times = [1_700_000_000, 1_900_000_000];
  const response = DescribeTaskQueueResponse.encode({
    pollers: times.map((seconds) => ({
      lastAccessTime: { seconds: seconds as never, nanos: 7 },
      identity: 'worker',
      ratePerSecond: 100_000,
    })),
    taskQueueStatus: { backlogCountHint: 5 as never },
  }).finish();

  const pollers = valuesOf(Buffer.from(response), 1) as readonly Buffer[];

  expect(pollers.map((poller) => valuesOf(valuesOf(poller, 1)[0] as Buffer, 1))).toEqual(times.map((time) => [time]));
  expect(pollers.map((poller) => String(valuesOf(poller, 2)[0]))).toEqual(['worker', 'worker']);
});

test.each([0, 1, 127, 128, 70_000, 5_000_000_000])('a count of %d is read', (count) => {
  const bytes = Buffer.from(CountWorkflowExecutionsResponse.encode({ count: count as never }).finish());

  expect(valuesOf(bytes, 1)[0] ?? 0).toBe(count);
});

test('a message that is cut or unknown is refused', () => {
  const whole = bytesField(1, 'four');

  for (let length = 1; length < whole.length; length += 1)
    expect(() => valuesOf(whole.subarray(0, length), 1)).toThrow(RangeError);
  expect(() => valuesOf(Buffer.from([0x0b]), 1)).toThrow('unknown wire type 3');
});
