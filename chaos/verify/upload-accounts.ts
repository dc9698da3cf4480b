import type { LoggedRequest } from '../../demo/access-log.js';
import type { Exchange } from '../../demo/line/line.js';

/** One upload of a blob to a target: what the line saw of it, and what became of it. */
export interface UploadAccount {
  readonly repository: string;
  readonly upload: string;
  /** Bytes that clients sent for it, headers included. */
  readonly sent: number;
  /** Requests with data that got no answer, or another one than 2xx. */
  readonly breaks: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt: number;
  /**
   * `open`: the registry still has it unfinished; `unlogged`: it was committed, but the registry was killed before it
   * logged that.
   */
  readonly outcome: 'committed' | 'cancelled' | 'open' | 'unlogged';
  /** The blob that it became. */
  readonly committed?: { readonly digest: string; readonly at: number } | undefined;
  /** Each request with data. */
  readonly requests: readonly { readonly sentAt: number; readonly bytes: number }[];
}

const uploadPath = /^(?:PATCH|PUT) \/v2\/(.+)\/blobs\/uploads\/([^/?]+)$/;
const commitPath = /^\/v2\/(.+)\/blobs\/uploads\/([^/?]+)\?.*digest=(sha256(?::|%3A)[0-9a-f]{64})/;
const dataPath = /^\/v2\/(.+)\/blobs\/uploads\/([^/?]+)/;

/**
 * The uploads of a target.
 *
 * @param exchanges of its line
 * @param requests of its access log; what a killed registry had answered may be missing there
 * @param open the uploads that it has unfinished, as `repository id`
 */
export function uploadAccounts(
  exchanges: readonly Exchange[],
  requests: readonly LoggedRequest[],
  open: ReadonlySet<string>,
): readonly UploadAccount[] {
  const cancelled = cancelledIn(requests);
  const commits = commitsIn(requests);
  const refused = refusedIn(requests);
  const byUpload = new Map<string, Exchange[]>();
  for (const exchange of wholeRequests(exchanges)) {
    const [, repository, upload] = uploadPath.exec(exchange.request ?? '') ?? [];
    if (repository === undefined || upload === undefined) continue;
    const key = `${repository} ${upload}`;
    byUpload.set(key, [...(byUpload.get(key) ?? []), exchange]);
  }
  return [...byUpload].map(([key, own]) => {
    const [repository = '', upload = ''] = key.split(' ');
    const digest = commits.get(key);
    const unanswered = own.filter(({ answeredAt }) => answeredAt === undefined).length;
    const endedAt = Math.max(...own.map(({ sentAt, endedAt: end }) => end ?? sentAt));
    const at = Math.max(...own.map(({ answeredAt, sentAt }) => answeredAt ?? sentAt));
    return {
      repository,
      upload,
      sent: own.reduce((sum, { bytes }) => sum + bytes.up, 0),
      breaks: unanswered + (refused.get(key) ?? 0),
      startedAt: Math.min(...own.map(({ sentAt }) => sentAt)),
      endedAt,
      outcome: outcomeOf(digest, cancelled.has(key), open.has(key)),
      committed: digest === undefined ? undefined : { digest, at },
      requests: own.map(({ sentAt, bytes }) => ({ sentAt, bytes: bytes.up })),
    };
  });
}

function outcomeOf(digest: string | undefined, isCancelled: boolean, isOpen: boolean): UploadAccount['outcome'] {
  if (digest !== undefined) return 'committed';
  if (isOpen) return 'open';
  return isCancelled ? 'cancelled' : 'unlogged';
}

/** What follows "100 Continue" belongs to the request that expected it. */
function wholeRequests(exchanges: readonly Exchange[]): readonly Exchange[] {
  const byConnection = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const connection = `${exchange.connection} ${exchange.openedAt}`;
    const own = byConnection.get(connection) ?? [];
    byConnection.set(connection, own);
    const last = own.at(-1);
    if (exchange.request !== undefined || last === undefined) own.push(exchange);
    else own[own.length - 1] = joined(last, exchange);
  }
  return [...byConnection.values()].flat();
}

function joined(first: Exchange, rest: Exchange): Exchange {
  const { answeredAt, endedAt } = rest;
  const bytes = { up: first.bytes.up + rest.bytes.up, down: first.bytes.down + rest.bytes.down };
  return { ...first, answeredAt, endedAt, bytes };
}

/** Digests by repository and upload. */
function commitsIn(requests: readonly LoggedRequest[]): ReadonlyMap<string, string> {
  return new Map(
    requests.flatMap(({ method, path, status }) => {
      const [, repository, upload, digest] = commitPath.exec(path) ?? [];
      if (method !== 'PUT' || status !== 201 || digest === undefined) return [];
      return [[`${repository} ${upload}`, decodeURIComponent(digest)]];
    }),
  );
}

function cancelledIn(requests: readonly LoggedRequest[]): ReadonlySet<string> {
  return new Set(
    requests.flatMap(({ method, path, status }) => {
      const [, repository, upload] = dataPath.exec(path) ?? [];
      return method === 'DELETE' && status < 300 && upload !== undefined ? [`${repository} ${upload}`] : [];
    }),
  );
}

function refusedIn(requests: readonly LoggedRequest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { method, path, status } of requests) {
    const [, repository, upload] = dataPath.exec(path) ?? [];
    if ((method !== 'PUT' && method !== 'PATCH') || upload === undefined || status < 400) continue;
    const key = `${repository} ${upload}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
