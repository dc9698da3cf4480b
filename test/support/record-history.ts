import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { expect } from 'vitest';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));

/** With FERRY_RECORD_HISTORIES=1 writes a history to `test/histories`, which `replay.test.ts` replays. */
export async function recordHistory(client: Client, name: string, workflowId: string, runId?: string): Promise<void> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  expect(history.events?.length).toBeGreaterThan(5);
  if (process.env['FERRY_RECORD_HISTORIES'] !== '1') return;
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(JSON.parse(historyToJSON(history)), null, 1);
  // The identity names the user and the machine that recorded the history.
  writeFileSync(`${folder}${name}.json`, `${text.replace(/"identity": "[^"]*"/g, '"identity": "recorded"')}\n`);
}
