import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, test } from 'vitest';

import { WorkflowName } from '../../src/contract/workflow-names.js';
import { fromSources } from '../support/from-sources.js';
import { quietRuntime } from '../support/quiet-runtime.js';
import { contextInterceptors } from '../support/workflow-worker.js';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe.each([
  ['with the interceptors that every worker has', [contextInterceptors]],
  ['without interceptors', []],
])('recorded histories, %s', (_, workflowInterceptorModules) => {
  let workflowBundle: WorkflowBundleWithSourceMap;

  beforeAll(async () => {
    quietRuntime();
    workflowBundle = await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url)),
      workflowInterceptorModules,
      webpackConfigHook: fromSources,
      logger: new DefaultLogger('WARN'),
    });
  }, 60_000);

  test.each(names)('%s replays with the code of today', async (name) => {
    const { history, workflowId } = read(name);

    await expect(Worker.runReplayHistory({ workflowBundle }, history, workflowId)).resolves.toBeUndefined();
  });

  test('a history of other decisions does not replay', async () => {
    const { history, workflowId } = read('sync-image-copied.json');
    const other = JSON.parse(JSON.stringify(history).replaceAll('"planImage"', '"copyImage"')) as unknown;

    await expect(Worker.runReplayHistory({ workflowBundle }, other, workflowId)).rejects.toThrow(
      DeterminismViolationError,
    );
  });

  test('every workflow type has a history that has come to its end', () => {
    const types = names.map((name) => startedType(read(name).history));

    expect(types).toEqual(expect.arrayContaining(Object.values(WorkflowName)));
    for (const name of names)
      expect(lastEvent(read(name).history), name).toMatch(/_COMPLETED|_CONTINUED_AS_NEW|_CANCELED/);
  });
});

interface RecordedHistory {
  readonly events: readonly {
    readonly eventType: string;
    readonly workflowExecutionStartedEventAttributes?: {
      readonly workflowType: { readonly name: string };
      readonly workflowId?: string;
    };
  }[];
}

function read(name: string): { readonly history: RecordedHistory; readonly workflowId: string } {
  const history = JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as RecordedHistory;
  const workflowId = history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? name;
  return { history, workflowId };
}

function startedType({ events }: RecordedHistory): string | undefined {
  return events[0]?.workflowExecutionStartedEventAttributes?.workflowType.name;
}

function lastEvent({ events }: RecordedHistory): string {
  return events.at(-1)?.eventType ?? '';
}
