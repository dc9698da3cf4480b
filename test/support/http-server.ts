import { missingDatabase } from '../../src/database/database-fault.js';
import { serve } from '../../src/server.js';
import type { RunningServer } from '../../src/server.js';
import { createHttpServer } from '../../src/server/http-server.js';
import type { ReadDatabase } from '../../src/server/read-database.js';
import type { RequestLog } from '../../src/server/received-requests.js';
import type { ServerWork } from '../../src/server/server-work.js';
import { underBasePath } from '../../src/server/under-base-path.js';
import type { ConsolePorts, SignInSettings } from '../../src/server/v1/v1-api.js';
import { emptyConsole } from './empty-console.js';

export const webhookSecret = "It's a Secret to Everybody";
export const apiToken = 'token-of-the-tests.0123456789';
export const viewToken = 'token-of-a-reader.0123456789';
export const sessionSecret = 'a secret of tests that signs sessions';

export const configuredUpstreams: readonly string[] = ['dify', 'xinference', 'my-team'];

export interface TestHttpServer {
  readonly url: string;
  readonly address: string;
  /** Everything that was logged, as JSON lines. */
  readonly logged: string[];
  stop(): Promise<void>;
}

export interface TestHttpServerOptions {
  readonly work: ServerWork;
  /** Absent: there is no database. */
  readonly readDatabase?: ReadDatabase;
  readonly repositories?: readonly string[];
  readonly upstreams?: readonly string[];
  readonly requestsPerMinute?: number;
  readonly withoutSecrets?: boolean;
  readonly signIn?: Partial<SignInSettings>;
  readonly console?: Partial<ConsolePorts>;
  readonly requests?: RequestLog;
  /** Default: any free one. */
  readonly port?: number;
}

const noDatabase: ReadDatabase = async () => {
  throw missingDatabase('there is no database in this test');
};

/** The bridge on a real HTTP server on a free loopback port. */
export async function startHttpServer(options: TestHttpServerOptions): Promise<TestHttpServer> {
  const { work, repositories = [], requestsPerMinute = 100_000, withoutSecrets = false } = options;
  const { upstreams = configuredUpstreams, readDatabase = noDatabase } = options;
  const stopping = new AbortController();
  const logged: string[] = [];
  const note = (facts: object, sentence: string): void => void logged.push(JSON.stringify({ sentence, ...facts }));
  const httpServer = createHttpServer({
    ...(withoutSecrets ? {} : { webhookSecret }),
    apiTokens: withoutSecrets ? [] : ['another-token', apiToken],
    branch: 'main',
    repositories,
    upstreams,
    requestsPerMinute,
    work,
    readDatabase,
    version: '1.2.3',
    log: { info: note, warn: note, error: note },
    signIn: {
      viewTokens: withoutSecrets ? [] : [viewToken],
      sessionSecret,
      basePath: '',
      byLink: false,
      endedSessions: { hasEnded: async () => false, end: async () => undefined },
      ...options.signIn,
    },
    console: { ...emptyConsole, ...options.console },
    requests: options.requests,
    stopping: stopping.signal,
  });
  const listen = { host: '127.0.0.1', port: options.port ?? 0, isChosen: true };
  const server: RunningServer = await serve(underBasePath(httpServer.fetch, options.signIn?.basePath ?? ''), listen, {
    mayMove: false,
  });
  return {
    url: `http://${server.address}`,
    address: server.address,
    logged,
    async stop() {
      stopping.abort();
      await server.stop();
    },
  };
}
