import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import { requestSync } from '../../src/client/sync-requests.js';
import { activityContext } from '../../src/composition/observability/activity-context.js';
import { clientContext } from '../../src/composition/observability/client-context.js';
import { traceSinks } from '../../src/composition/observability/trace-sinks.js';
import { TaskQueue } from '../../src/contract/task-queues.js';
import { WorkflowName } from '../../src/contract/workflow-names.js';
import { parseTraceParent, spanIdOfRun } from '../../src/domain/trace-parent.js';
import { currentContext, inContext } from '../../src/observability/context/work-context.js';
import type { WorkContext } from '../../src/observability/context/work-context.js';
import { quietRuntime } from '../support/quiet-runtime.js';
import { freshNamespace } from '../support/temporal-server.js';
import { workflowBundle } from '../support/workflow-worker.js';

const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const otherTrace = '00-1bf7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01';

describe('what a request gives to its work', () => {
  const seen = new Map<string, WorkContext[]>();
  let connection: Connection;
  let native: NativeConnection;
  let client: Client;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    quietRuntime();
    const namespace = freshNamespace();
    const address = inject('temporalAddress');
    connection = await Connection.connect({ address });
    native = await NativeConnection.connect({ address });
    client = new Client({ connection, namespace, interceptors: { workflow: [clientContext(undefined)] } });
    const note = (name: string): void => void seen.set(name, [...(seen.get(name) ?? []), currentContext()]);
    const worker = await Worker.create({
      connection: native,
      namespace,
      taskQueue: TaskQueue.main,
      workflowBundle: await workflowBundle(),
      interceptors: { activity: [activityContext(undefined)] },
      sinks: traceSinks(undefined),
      activities: {
        addImages: async () => {
          note('addImages');
          return { images: [{ outcome: 'added' }], repeated: false };
        },
        requestSync: async () => {
          note('requestSync');
        },
        beginRun: async () => {
          note('beginRun');
          throw ApplicationFailure.nonRetryable('the test needs no run');
        },
      },
    });
    // Before a worker runs, so that the run begins with both.
    await requestAs('request-2', trace);
    await requestAs('request-3', otherTrace);
    const running = worker.run();
    stop = async () => {
      worker.shutdown();
      await running;
    };
  }, 60_000);

  afterAll(async () => {
    await stop();
    await native.close();
    await connection.close();
  });

  test('its ID and trace go through a workflow to each activity, and its ID into the memo', async () => {
    const workflowId = `add-image/${randomUUID()}`;

    const handle = await inContext({ requestIds: ['request-1'], trace }, async () => {
      return await client.workflow.start(WorkflowName.addImage, {
        workflowId,
        taskQueue: TaskQueue.main,
        args: [{ images: ['nginx:1.27'] }],
      });
    });
    await handle.result();
    const { memo, runId } = await handle.describe();

    const contexts = [...(seen.get('addImages') ?? []), ...(seen.get('requestSync') ?? [])];
    expect(contexts.map(({ requestIds }) => requestIds)).toEqual([['request-1'], ['request-1']]);
    for (const { trace: below } of contexts) {
      const { traceId, spanId } = parseTraceParent(below) ?? {};
      expect(traceId).toBe('0af7651916cd43dd8448eb211c80319c');
      expect(spanId).toBe(spanIdOfRun(runId));
    }
    expect(memo).toMatchObject({ requestId: 'request-1' });
  });

  test('a workflow without a request has no ID and no trace', async () => {
    seen.delete('addImages');

    await client.workflow.execute(WorkflowName.addImage, {
      workflowId: `add-image/${randomUUID()}`,
      taskQueue: TaskQueue.main,
      args: [{ images: ['nginx:1.27'] }],
    });

    expect(seen.get('addImages')).toEqual([{ requestIds: [], trace: undefined }]);
  });

  test('a run that two requests wait for has the IDs of both, and goes on in the trace of the last one', async () => {
    await expect(client.workflow.getHandle('sync-all').result()).rejects.toThrow('Workflow execution failed');

    expect(seen.get('beginRun')).toEqual([
      { requestIds: ['request-2', 'request-3'], trace: expect.any(String) as string },
    ]);
    expect(seen.get('beginRun')?.[0]?.trace).toContain('1bf7651916cd43dd8448eb211c80319c');
  });

  async function requestAs(id: string, parent: string): Promise<void> {
    const temporal = { client, withDeadline: async <T>(call: () => Promise<T>) => await call(), close: async () => {} };
    await inContext({ requestIds: [id], trace: parent }, async () => {
      await requestSync(temporal, { id, reason: 'test' });
    });
  }
});
