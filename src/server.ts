/** Composition root of the server: configuration → Temporal's client and the database, read-only → HTTP. */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { createAdaptorServer } from '@hono/node-server';

import { lazyClient } from './client/connect.js';
import { queuesFor } from './client/worker-availability.js';
import { createConsolePorts } from './composition/console/console-ports.js';
import { endedSessions } from './composition/console/ended-sessions.js';
import { signInSettings } from './composition/console/sign-in.js';
import { startNotificationWatch } from './composition/notification-watch.js';
import { aroundRequest } from './composition/observability/around-request.js';
import { clientContext } from './composition/observability/client-context.js';
import { observeServer } from './composition/observability/observe-server.js';
import { openTracing } from './composition/observability/open-tracing.js';
import { openExisting } from './composition/open-stores.js';
import { StatusDatabase } from './composition/status-database.js';
import { readConsoleConfig } from './config/console-config.js';
import type { ListenAddress } from './config/listen-address.js';
import { distFolder, packageVersion } from './config/package-folder.js';
import { readServerSettings } from './config/server-settings.js';
import { defaultTemporalAddress } from './config/temporal-settings.js';
import { errorMessage } from './domain/error-message.js';
import { FerryError } from './domain/ferry-error.js';
import { createLogger } from './logger.js';
import { createHttpServer } from './server/http-server.js';
import type { ReadDatabase } from './server/read-database.js';
import { RequestLog } from './server/received-requests.js';
import { temporalWork } from './server/temporal-work.js';
import { underBasePath } from './server/under-base-path.js';

/** Requests in flight get this long when the server stops. */
const stopWithinMs = 5_000;

export interface RunningServer {
  /** `host:port` */
  readonly address: string;
  /** Stops listening; requests in flight get a few seconds. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Another loopback port may be used if the default one is taken. */
  readonly mayMove: boolean;
}

/** Runs the server until a signal stops it. A request that needs Temporal or the database gets a 503 without it. */
export async function runServer(variables: NodeJS.ProcessEnv, options: ServerOptions): Promise<void> {
  const {
    temporal: place,
    listen,
    database: where,
    dataDir,
    hasDockerTargets,
    signIn,
    metrics,
    traces,
    ...settings
  } = readServerSettings(variables);
  const log = createLogger('server');
  const { namespace, connection } = place;
  const tracing = await openTracing(traces, 'server', (reason) => log.warn({ reason }, 'traces could not be sent'));
  const temporal = lazyClient({
    address: place.address ?? defaultTemporalAddress,
    namespace,
    connection,
    interceptors: [clientContext(tracing)],
  });
  const database = new StatusDatabase(where);
  const work = temporalWork(temporal, queuesFor(hasDockerTargets ? [{ engine: 'docker' }] : []));
  const readDatabase: ReadDatabase = async (query) => await database.read(query);
  const writing = new StatusDatabase(where, openExisting);
  const requests = new RequestLog({
    record: async (received) => await writing.read(async ({ requests: store }) => await store.record(received)),
    log,
  });
  const config = readConsoleConfig(variables);
  const consolePorts = createConsolePorts({
    config,
    variables,
    dataDir,
    databasePlace: where,
    temporal,
    serverWork: work,
    reading: database,
    writing,
  });
  const observed = await observeServer({ metrics, database, temporal, targets: config.targets, log });
  const stopping = new AbortController();
  const tokens = settings.apiTokens.length + signIn.viewTokens.length;
  const canSignIn = signIn.byLink || tokens > 0 || signIn.oidc !== undefined;
  try {
    const httpServer = createHttpServer({
      ...settings,
      signIn: {
        ...signInSettings(signIn, { dataDir, variables, proxies: config.whole?.proxies, log }),
        endedSessions: endedSessions(database, writing),
      },
      console: consolePorts,
      // Without a way to sign in, other machines get nothing.
      ...(canSignIn ? { consoleFolder: join(distFolder, 'ferry', 'console') } : {}),
      work,
      readDatabase,
      around: aroundRequest(tracing),
      metrics: observed.besideRoutes,
      version: packageVersion(),
      log,
      requests,
      stopping: stopping.signal,
    });
    const server = await serve(underBasePath(httpServer.fetch, signIn.basePath), listen, options);
    const told = shutdownSignal();
    const { signal } = stopping;
    if (config.whole !== undefined) startNotificationWatch({ config: config.whole, temporal, writing, log, signal });
    process.send?.({ ready: server.address });
    log.info({ address: server.address }, 'server listens');
    await told;
    stopping.abort();
    await server.stop();
  } finally {
    await observed.own?.close();
    await requests.flush();
    await temporal.close();
    await tracing?.shutdown();
    await database.close();
    await writing.close();
    if (process.connected) process.disconnect();
  }
}

/** @throws FerryError `configuration` if it cannot listen on the address */
export async function serve(
  fetch: (request: Request) => Response | Promise<Response>,
  listen: ListenAddress,
  { mayMove }: ServerOptions,
): Promise<RunningServer> {
  const server = createAdaptorServer({
    fetch,
    // Disconnects slow senders.
    serverOptions: { headersTimeout: 10_000, requestTimeout: 30_000, connectionsCheckingInterval: 5_000 },
  }) as Server;
  server.maxConnections = 1_000;
  const inFlight = new Set<ServerResponse>();
  server.on('request', (_request, response) => {
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
  });
  try {
    await listening(server, listen);
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (!isTaken || !mayMove || listen.isChosen) throw unlistenable(listen, error);
    await listening(server, { ...listen, port: 0 });
  }
  return { address: addressOf(server), stop: async () => await stop(server, inFlight) };
}

async function listening(server: Server, { host, port }: ListenAddress): Promise<void> {
  server.listen(port, host);
  await once(server, 'listening');
}

/** Connections without a request in flight are closed at once, also those that have not sent one yet. */
async function stop(server: Server, inFlight: ReadonlySet<ServerResponse>): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const giveUpAt = performance.now() + stopWithinMs;
  const timer = setInterval(() => {
    if (inFlight.size === 0 || performance.now() > giveUpAt) server.closeAllConnections();
  }, 20);
  await closed;
  clearInterval(timer);
}

/** Resolves when the process is asked to stop, or when its supervisor is gone. */
async function shutdownSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    process.once('disconnect', resolve);
  });
}

function addressOf(server: Server): string {
  const { address, port } = server.address() as AddressInfo;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function unlistenable({ host, port }: ListenAddress, error: unknown): FerryError {
  const reason = errorMessage(error);
  return new FerryError(
    `the server cannot listen on ${host}:${port} (${reason}): set FERRY_LISTEN to another address`,
    {
      code: 'configuration',
      decision: 'block',
      cause: error,
    },
  );
}
