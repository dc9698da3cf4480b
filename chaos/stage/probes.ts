import { setTimeout as sleep } from 'node:timers/promises';

import { Connection as TemporalConnection } from '@temporalio/client';
import { createConnection } from 'mysql2/promise';

import { registryRequest } from '../../demo/registry-request.js';
import { sourceNames, targetNames } from '../plan/parts.js';
import { connectToDatabase } from './database-connection.js';
import { databaseName } from './environment.js';
import type { ChaosStage } from './stage.js';

/** On a busy machine Temporal needs minutes until it answers after its last fault. */
const startMs = 300_000;
const answerMs = 10_000;

/** Waits until the registries, the database and Temporal answer. */
export async function untilServicesAnswer({ lines, registries, database }: ChaosStage): Promise<void> {
  for (const name of [...sourceNames, ...targetNames])
    await untilTrue(name, async () => {
      await registryRequest(registries[name], { method: 'GET', path: '/v2/', expected: [200] });
    });
  await untilTrue('database', async () => {
    const sql = await createConnection(database);
    await sql.query(`create database if not exists ${databaseName} character set utf8mb4`);
    await sql.end();
  });
  await untilTrue('temporal', async () => {
    const connection = await TemporalConnection.connect({ address: lines.temporal.host, connectTimeout: '10s' });
    try {
      await connection.withDeadline(
        Date.now() + answerMs,
        async () => await connection.workflowService.describeNamespace({ namespace: 'default' }),
      );
    } finally {
      await connection.close();
    }
  });
}

/** Waits until the server is ready and a worker has made the tables. */
export async function untilFerryAnswers({ lines, database }: ChaosStage): Promise<void> {
  await untilTrue('server', async () => {
    const { ok } = await fetch(`http://${lines.server.host}/readyz`, {
      headers: { connection: 'close' },
      // The line accepts a connection before the server listens, and closes it then. Where Node's `fetch` has a connection
      // that is closed before its request is written, it waits for ever (undici 6.24.1 in Node 20.20.2).
      signal: AbortSignal.timeout(answerMs),
    });
    if (!ok) throw new Error('the server is not ready');
  });
  await untilTrue('worker', async () => {
    const sql = await connectToDatabase(database);
    try {
      await sql.query('select count(*) from upload_sessions');
    } finally {
      await sql.end();
    }
  });
}

async function untilTrue(name: string, probe: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + startMs;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`${name} does not answer`, { cause: error });
      await sleep(100);
    }
  }
}
