import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Connection } from '@temporalio/client';
import { expect, onTestFinished, test } from 'vitest';

import { embedTemporal } from '../../src/supervisor/embedded-temporal.js';
import { waitForTemporal } from '../../src/supervisor/wait-for-temporal.js';
import { requireTool } from '../support/tools.js';

const day = 24 * 60 * 60;

test('the embedded Temporal keeps finished workflow runs for a day, and its data in a write-ahead log', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'ferry-embedded-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const variables = { ...process.env, FERRY_TEMPORAL_CLI: requireTool('temporal') };
  const events = { onStarted: () => undefined, onDied: () => undefined };

  const embedded = await embedTemporal({ dataDir, namespace: 'images', variables }, events);
  onTestFinished(async () => await embedded.process.stop());
  const { address } = embedded;
  const limits = { withinMs: 60_000, signal: new AbortController().signal };
  await waitForTemporal({ address, namespace: 'images', connection: {} }, limits);
  const connection = await Connection.connect({ address });
  onTestFinished(async () => await connection.close());
  const { config } = await connection.workflowService.describeNamespace({ namespace: 'images' });

  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(day);
  expect(existsSync(join(dataDir, 'temporal.db-wal'))).toBe(true);
});
