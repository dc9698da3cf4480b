import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';

import { activityContext } from '../../../src/composition/observability/activity-context.js';
import { currentContext, inContext } from '../../../src/observability/context/work-context.js';
import type { OpenSpan, SpanEnd, SpanStart, Tracing } from '../../../src/observability/tracing/tracing.js';
import { contextOf, headersOf } from '../../../src/workflows/context-payloads.js';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const ofActivity = '00-0af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01';

/** Runs an activity with headers, as a worker does. */
async function run(tracing: Tracing | undefined, headers: ReturnType<typeof headersOf>, work: () => Promise<string>) {
  const { context } = new MockActivityEnvironment({ activityType: 'planImage', attempt: 2 });
  const { inbound, outbound } = activityContext(tracing)(context);
  const result = await inbound?.execute?.({ args: [{ image: 'docker.io/library/nginx:1.27' }], headers }, work);
  return { result, logged: outbound?.getLogAttributes?.({ workflowId: 'w' }, (attributes) => attributes) };
}

class RecordedSpans implements Tracing {
  readonly spans: (SpanStart & { end?: SpanEnd })[] = [];

  begin(start: SpanStart): OpenSpan {
    const span: SpanStart & { end?: SpanEnd } = { ...start };
    this.spans.push(span);
    return { traceparent: ofActivity, end: (end = {}) => void (span.end = end) };
  }

  record(): void {}

  async shutdown(): Promise<void> {}
}

describe('an activity', () => {
  test('logs the IDs of the requests that it is for', async () => {
    const { logged } = await run(undefined, headersOf({ requestIds: ['a', 'b'] }), async () => 'done');

    expect(logged).toEqual({ workflowId: 'w', requestId: 'a,b' });
  });

  test('without a request logs no ID', async () => {
    const { result, logged } = await run(undefined, {}, async () => 'done');

    expect(result).toBe('done');
    expect(logged).toEqual({ workflowId: 'w' });
  });

  test('is a span with its image and attempt; what it sends is below it', async () => {
    const tracing = new RecordedSpans();
    let sent = {};

    await inContext({ requestIds: [] }, async () => {
      await run(tracing, headersOf({ requestIds: ['a'], trace }), async () => {
        sent = contextOf(headersOf(currentContext()));
        return 'done';
      });
    });

    expect(tracing.spans).toMatchObject([
      {
        name: 'activity planImage',
        attributes: { 'ferry.image': 'docker.io/library/nginx:1.27', 'temporal.attempt': 2 },
      },
    ]);
    expect(sent).toEqual({ requestIds: ['a'], trace: ofActivity });
  });

  test('that fails is a span with the kind of the error alone', async () => {
    const tracing = new RecordedSpans();
    const failure = Object.assign(new Error('a message with a secret'), { code: 'unauthorized' });

    const failing = run(tracing, headersOf({ requestIds: [], trace }), async () => await Promise.reject(failure));

    await expect(failing).rejects.toBe(failure);
    expect(tracing.spans.map(({ end }) => end)).toEqual([{ error: 'unauthorized' }]);
  });

  test('ignores headers that are not in their form', () => {
    const headers = { '_tracer-data': { data: new Uint8Array([1]) }, 'ferry-request-ids': {} };

    expect(contextOf(headers)).toEqual({ requestIds: [], trace: undefined });
  });
});
