import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerOptions as TlsOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

export interface SeenRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** One request that a rule handles: answer it, break it, or let the registry answer as usual. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly ordinary: () => void | Promise<void>;
}

type Rule = (exchange: Exchange) => void | Promise<void>;

interface Script {
  readonly method: string;
  readonly path: RegExp;
  readonly rule: Rule;
  times: number;
}

/**
 * A registry in memory that behaves like distribution's, except where a test says otherwise: for everything that a real
 * one will not do on command. It listens on 127.0.0.1.
 */
export class ScriptedRegistry {
  readonly requests: SeenRequest[] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, StoredManifest>();
  /** The number of entries on a page of the Referrers API; 0: the API is not supported. */
  referrersAPage = 0;
  /** Answers `Expect` with 100 Continue at once. If false, scripts see the request before its body is sent. */
  continues = true;
  readonly #server: Server;
  readonly #scheme: string;
  readonly #scripts: Script[] = [];
  readonly #uploads = new Map<string, Buffer>();
  #uploadCount = 0;
  #port = 0;

  private constructor(tls?: TlsOptions) {
    this.#scheme = tls === undefined ? 'http' : 'https';
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      // Many of these tests are about a client that disconnects during its request.
      this.#serve(request, response).catch((error: unknown) => {
        if (!request.destroyed) throw error;
      });
    };
    this.#server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      if (this.continues) response.writeContinue();
      listener(request, response);
    });
  }

  static async start(tls?: TlsOptions): Promise<ScriptedRegistry> {
    const registry = new ScriptedRegistry(tls);
    await new Promise<void>((resolve) => registry.#server.listen(0, '127.0.0.1', resolve));
    registry.#port = (registry.#server.address() as AddressInfo).port;
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get url(): string {
    return `${this.#scheme}://${this.host}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Requests that match are handled by `rule`, the newest script first; `times` limits how often. */
  when(method: string, path: RegExp, rule: Rule, times = Infinity): void {
    this.#scripts.unshift({ method, path, rule, times });
  }

  /** The number of requests with this method on matching paths. */
  count(method: string, path: RegExp): number {
    return this.requests.filter((seen) => seen.method === method && path.test(seen.path)).length;
  }

  putBlob(repository: string, bytes: Buffer): string {
    const digest = sha256(bytes);
    this.blobs.set(`${repository}@${digest}`, bytes);
    return digest;
  }

  putManifest(repository: string, reference: string, { mediaType, bytes }: StoredManifest): string {
    const digest = sha256(bytes);
    this.manifests.set(`${repository}@${digest}`, { mediaType, bytes });
    this.manifests.set(`${repository}@${reference}`, { mediaType, bytes });
    return digest;
  }

  manifest(repository: string, reference: string): StoredManifest | undefined {
    return this.manifests.get(`${repository}@${reference}`);
  }

  /** Undefined if it does not exist. */
  blob(repository: string, digest: string) {
    return this.blobs.get(`${repository}@${digest}`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const method = request.method ?? '';
    this.requests.push({ method, path, headers: request.headers });
    request.on('error', () => {});
    const script = this.#scripts.find((one) => one.times > 0 && one.method === method && one.path.test(path));
    const ordinary = (): void | Promise<void> => this.#ordinary(request, response, new URL(path, this.url));
    if (script === undefined) {
      await ordinary();
      return;
    }
    script.times--;
    await script.rule({ request, response, path, ordinary });
  }

  async #ordinary(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const [, repository = '', kind, rest = ''] =
      /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs|tags|referrers)\/(.*)$/.exec(url.pathname) ?? [];
    switch (kind) {
      case 'manifests':
        await this.#manifests(request, response, repository, rest);
        return;
      case 'blobs':
        this.#blobs(request, response, repository, rest);
        return;
      case 'blobs/uploads':
        await this.#upload(request, response, repository, { id: rest, url });
        return;
      case 'tags':
        this.#tags(response, repository);
        return;
      case 'referrers':
        this.#referrers(response, repository, { subject: rest, url });
        return;
      default:
        answer(response, url.pathname === '/v2/' ? 200 : 404);
    }
  }

  async #manifests(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    reference: string,
  ): Promise<void> {
    if (request.method === 'PUT') {
      const bytes = await readAll(request);
      const missing = this.#missingIn(repository, bytes);
      if (missing !== undefined) {
        answerError(response, 400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry ${missing}`);
        return;
      }
      const mediaType = request.headers['content-type'] ?? '';
      const digest = this.putManifest(repository, reference, { mediaType, bytes });
      const { subject } = JSON.parse(bytes.toString()) as Manifest;
      const listed = this.referrersAPage > 0 && subject !== undefined ? { 'oci-subject': subject.digest } : {};
      answer(response, 201, { 'docker-content-digest': digest, ...listed });
      return;
    }
    const found = this.manifest(repository, reference);
    if (found === undefined) {
      answerError(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
      return;
    }
    const digest = sha256(found.bytes);
    if (request.headers['if-none-match'] === `"${digest}"`) {
      response.writeHead(304).end();
      return;
    }
    answer(response, 200, { 'content-type': found.mediaType, 'docker-content-digest': digest }, found.bytes);
  }

  #missingIn(repository: string, bytes: Buffer): string | undefined {
    const { config, layers, manifests } = JSON.parse(bytes.toString()) as Manifest;
    const blobs = [...(config ? [config] : []), ...(layers ?? [])];
    return (
      blobs.find(({ digest }) => !this.blobs.has(`${repository}@${digest}`)) ??
      manifests?.find(({ digest }) => !this.manifests.has(`${repository}@${digest}`))
    )?.digest;
  }

  #blobs(request: IncomingMessage, response: ServerResponse, repository: string, digest: string): void {
    const bytes = this.blob(repository, digest);
    if (bytes === undefined) {
      answerError(response, 404, 'BLOB_UNKNOWN', 'blob unknown');
      return;
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    if (first === undefined || last === undefined) {
      answer(response, 200, { 'docker-content-digest': digest }, bytes);
      return;
    }
    const part = bytes.subarray(Number(first), Number(last) + 1);
    answer(response, 206, { 'content-range': `bytes ${first}-${last}/${bytes.length}` }, part);
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    repository: string,
    { id, url }: { readonly id: string; readonly url: URL },
  ): Promise<void> {
    if (request.method === 'POST') {
      this.#open(response, repository, url);
      return;
    }
    const before = this.#uploads.get(id);
    if (before === undefined) {
      request.resume();
      answerError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'upload unknown');
      return;
    }
    const location = `/v2/${repository}/blobs/uploads/${id}`;
    if (request.method === 'GET') {
      const range = `0-${Math.max(0, before.length - 1)}`;
      answer(response, 204, { location: `${location}?state=${before.length}`, range });
      return;
    }
    if (request.method === 'DELETE') {
      this.#uploads.delete(id);
      answer(response, 204);
      return;
    }
    const part = request.headers['content-range'];
    if (typeof part === 'string' && Number(part.split('-')[0]) !== before.length) {
      request.resume();
      answerError(response, 416, 'BLOB_UPLOAD_INVALID', 'range not satisfiable');
      return;
    }
    const bytes = Buffer.concat([before, await readAll(request)]);
    if (request.method === 'PATCH') {
      this.#uploads.set(id, bytes);
      answer(response, 202, { location: `${location}?state=${bytes.length}`, range: `0-${bytes.length - 1}` });
      return;
    }
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(bytes) !== digest) {
      answerError(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
      return;
    }
    this.#uploads.delete(id);
    this.putBlob(repository, bytes);
    answer(response, 201, { 'docker-content-digest': digest });
  }

  #open(response: ServerResponse, repository: string, url: URL): void {
    const [mount, from] = [url.searchParams.get('mount'), url.searchParams.get('from')];
    const mounted = mount === null || from === null ? undefined : this.blob(from, mount);
    if (mounted !== undefined) {
      answer(response, 201, { 'docker-content-digest': this.putBlob(repository, mounted) });
      return;
    }
    const id = `upload-${++this.#uploadCount}`;
    this.#uploads.set(id, Buffer.alloc(0));
    answer(response, 202, { location: `/v2/${repository}/blobs/uploads/${id}?state=0` });
  }

  #referrers(
    response: ServerResponse,
    repository: string,
    { subject, url }: { readonly subject: string; readonly url: URL },
  ): void {
    if (this.referrersAPage === 0) {
      answer(response, 404, { 'content-type': 'text/plain' }, Buffer.from('404 page not found'));
      return;
    }
    const all = new Map<string, object>();
    for (const [key, { mediaType, bytes }] of this.manifests) {
      const manifest = JSON.parse(bytes.toString()) as Manifest;
      if (!key.startsWith(`${repository}@`) || manifest.subject?.digest !== subject) continue;
      all.set(sha256(bytes), { mediaType, digest: sha256(bytes), size: bytes.length });
    }
    const start = Number(url.searchParams.get('last') ?? 0);
    const end = start + this.referrersAPage;
    const body = { schemaVersion: 2, mediaType: indexType, manifests: [...all.values()].slice(start, end) };
    const next = `/v2/${repository}/referrers/${subject}?last=${end}`;
    const link: Readonly<Record<string, string>> = end < all.size ? { link: `<${next}>; rel="next"` } : {};
    answer(response, 200, { 'content-type': indexType, ...link }, Buffer.from(JSON.stringify(body)));
  }

  #tags(response: ServerResponse, repository: string): void {
    const known = [...this.manifests.keys(), ...this.blobs.keys()].some((key) => key.startsWith(`${repository}@`));
    if (known) answer(response, 200, {}, Buffer.from(JSON.stringify({ name: repository, tags: [] })));
    else answerError(response, 404, 'NAME_UNKNOWN', 'repository name not known to registry');
  }
}

const indexType = 'application/vnd.oci.image.index.v1+json';

interface Manifest {
  readonly subject?: { readonly digest: string };
  readonly config?: { readonly digest: string } | null;
  readonly layers?: readonly { readonly digest: string }[] | null;
  readonly manifests?: readonly { readonly digest: string }[] | null;
}

export function answer(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: Buffer = Buffer.alloc(0),
): void {
  response.writeHead(status, { 'content-length': String(body.length), ...headers });
  response.end(body);
}

export function answerError(response: ServerResponse, status: number, code: string, message: string): void {
  const body = Buffer.from(JSON.stringify({ errors: [{ code, message }] }));
  answer(response, status, { 'content-type': 'application/json' }, body);
}

/** A rule: the registry fails. */
export function away({ request, response }: Exchange): void {
  request.resume();
  answerError(response, 500, 'UNKNOWN', 'unknown error');
}

/**
 * Calls back once, when an answer is sent or its connection has ended. An answer whose connection ended before it had
 * its turn there never emits 'close'.
 */
export function onAnswerOver(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  callback: () => void,
): void {
  let isOver = false;
  const over = (): void => {
    if (!isOver) callback();
    isOver = true;
  };
  response.once('close', over);
  request.socket.once('close', over);
}

export async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
