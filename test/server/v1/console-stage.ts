import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAuditActions } from '../../../src/composition/console/audit-actions.js';
import { endedSessions } from '../../../src/composition/console/ended-sessions.js';
import { createImageActions } from '../../../src/composition/console/image-actions.js';
import { openExisting } from '../../../src/composition/open-stores.js';
import { StatusDatabase } from '../../../src/composition/status-database.js';
import { openDatabase } from '../../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../../src/database/ferry-database.js';
import { migrate } from '../../../src/database/run-migrations.js';
import { createStores } from '../../../src/database/stores.js';
import type { Stores } from '../../../src/database/stores.js';
import { RequestLog } from '../../../src/server/received-requests.js';
import type { AuditWork } from '../../../src/server/v1/temporal-audit-work.js';
import { apiToken, startHttpServer, viewToken } from '../../support/http-server.js';
import type { TestHttpServer, TestHttpServerOptions } from '../../support/http-server.js';
import { RecordedWork } from '../../support/recorded-work.js';

/** A request; with `json` a POST. */
interface Call extends Omit<RequestInit, 'headers'> {
  readonly json?: unknown;
  /** Of an operator by default; '' for none. */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server with a migrated database in SQLite, without Temporal. */
export interface ConsoleStage {
  readonly stores: Stores;
  readonly database: FerryDatabase;
  readonly requests: RequestLog;
  /** Reasons of requested sync runs. */
  readonly syncs: string[];
  readonly server: TestHttpServer;
  /** Stops the server, and starts it again on another port. */
  restart(): Promise<void>;
  /** A request with the token of an operator. */
  call(path: string, init?: Call): Promise<Response>;
  clear(): Promise<void>;
}

export async function startConsoleStage(
  options: Partial<TestHttpServerOptions> & { readonly auditWork?: Partial<AuditWork> } = {},
): Promise<ConsoleStage> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-console-'));
  const settings = { kind: 'sqlite', path: join(folder, 'ferry.db') } as const;
  const database = await openDatabase(settings);
  await migrate(database);
  const reading = new StatusDatabase(settings);
  const writing = new StatusDatabase(settings, openExisting);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const requests = new RequestLog({
    record: async (received) => await writing.read(async ({ requests: store }) => await store.record(received)),
    log,
  });
  const syncs: string[] = [];
  const actions = createImageActions({
    reading,
    writing,
    work: { requestSync: async (reason) => void syncs.push(reason) },
    targets: ['aliyun', 'private', 'third'],
    configFault: 'no target is configured',
  });
  const audits = createAuditActions({
    writing,
    work: {
      audit: async () => ({ workflowId: 'audit', runId: '1' }),
      rollback: async () => undefined,
      requestSync: async (reason) => void syncs.push(reason),
      ...options.auditWork,
    },
    targets: ['aliyun', 'private', 'third'],
  });
  const start = async (): Promise<TestHttpServer> =>
    await startHttpServer({
      work: new RecordedWork(),
      readDatabase: async (query) => await reading.read(query),
      requests,
      ...options,
      signIn: { endedSessions: endedSessions(reading, writing), ...options.signIn },
      console: { actions, audits, ...options.console },
    });
  let server = await start();
  return {
    stores: createStores(database),
    database,
    requests,
    syncs,
    get server() {
      return server;
    },
    async restart() {
      await server.stop();
      server = await start();
    },
    async call(path, { json, token = apiToken, ...init } = {}) {
      return await fetch(`${server.url}${path}`, {
        ...init,
        ...(json === undefined ? {} : { body: JSON.stringify(json), method: 'POST' }),
        headers: {
          ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...init.headers,
        },
      });
    },
    async clear() {
      await server.stop();
      await requests.flush();
      await reading.close();
      await writing.close();
      await database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The cookie of a session that begins with a token. */
export async function signIn(server: Pick<TestHttpServer, 'url'>, token = apiToken): Promise<string> {
  const response = await fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw new Error(`the sign-in was answered ${response.status}: ${await response.text()}`);
  return cookieOf(response);
}

export function cookieOf(response: Response): string {
  return (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
}

export { apiToken, viewToken };
