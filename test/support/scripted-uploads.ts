import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { answer, answerError, sha256 } from './scripted-registry.js';
import type { Exchange, ScriptedRegistry } from './scripted-registry.js';

/** How a registry takes uploads, where that differs from distribution 3. */
export interface UploadTraits {
  /** What is left of a request that broke. Default: its bytes. */
  readonly keeps?: 'bytes' | 'chunks' | 'nothing';
  /** The `Range` of its answers: `blob` as specified, that of the last chunk, that of the first one, or `0-0`. */
  readonly range?: 'blob' | 'chunk' | 'stuck' | 'zero';
  readonly patchStatus?: number;
  /** Larger bodies are refused with 413. */
  readonly mostBodyBytes?: number;
  /** Announced as `OCI-Chunk-Min-Length`, and smaller chunks are refused. */
  readonly leastChunkBytes?: number;
  /** The status of its answer to a PATCH with `Content-Range`. */
  readonly refusesChunks?: number;
  /** It does not answer questions about uploads. */
  readonly isSilent?: boolean;
  /** The `Server` field of its answers. */
  readonly server?: string;
  /** Of several requests with bytes only the last counts, as on GHCR. */
  readonly overwrites?: boolean;
  /** Milliseconds for each piece of a body that it reads, of 64 KiB at most. */
  readonly paceMs?: number;
  /** Resets a connection that has brought this number of bytes, this many times. */
  readonly breaks?: { readonly afterBytes: number; readonly times?: number };
}

interface Upload {
  bytes: Buffer;
  /** Length of the last chunk, and of the first. */
  last: number;
  first: number;
  isBroken: boolean;
  /** It answers these with 500: its registry has lost a part of what it wrote of the upload. */
  fails?: FailedRequests;
}

/** `data`: it still says how far it is. */
export type FailedRequests = 'data' | 'everything';

/** Uploads of a scripted registry with these traits. */
export class ScriptedUploads {
  /** Bytes of bodies that arrived. */
  arrived = 0;
  breaks = 0;
  /** Bodies that are being read. */
  reading = 0;
  readonly #registry: ScriptedRegistry;
  readonly #traits: UploadTraits;
  readonly #uploads = new Map<string, Upload>();
  readonly #brought = new WeakMap<Socket, number>();
  #count = 0;

  constructor(registry: ScriptedRegistry, traits: UploadTraits) {
    this.#registry = registry;
    this.#traits = traits;
    registry.when('POST', /uploads\/$/, (exchange) => this.#open(exchange));
    for (const method of ['GET', 'DELETE', 'PATCH', 'PUT']) {
      registry.when(method, /uploads\/[^/]+$/, (exchange) => this.#handle(exchange));
    }
  }

  /** Uploads that are open. */
  get open(): number {
    return this.#uploads.size;
  }

  /** Bytes of the open upload that has the most. */
  get longest(): number {
    return Math.max(0, ...[...this.#uploads.values()].map(({ bytes }) => bytes.length));
  }

  forgetAll(): void {
    this.#uploads.clear();
  }

  /** The uploads that are open now cannot be continued. */
  damageAll(fails: FailedRequests): void {
    for (const upload of this.#uploads.values()) upload.fails = fails;
  }

  #open({ request, response, path }: Exchange): void {
    request.resume();
    const id = `scripted-${++this.#count}`;
    this.#uploads.set(id, { bytes: Buffer.alloc(0), last: 0, first: 0, isBroken: false });
    const least = this.#traits.leastChunkBytes;
    answer(response, 202, {
      location: `${path}${id}?state=${this.#count}`,
      ...this.#server(),
      ...(least === undefined ? {} : { 'oci-chunk-min-length': String(least) }),
    });
  }

  async #handle({ request, response, path }: Exchange): Promise<void> {
    const url = new URL(path, this.#registry.url);
    const id = url.pathname.split('/').at(-1) ?? '';
    const upload = this.#uploads.get(id);
    if (upload === undefined || (upload.isBroken && this.#traits.keeps === 'nothing')) {
      request.resume();
      answerError(response, 404, 'BLOB_UPLOAD_UNKNOWN', 'upload unknown');
      return;
    }
    const isData = request.method === 'PATCH' || request.method === 'PUT';
    if (upload.fails === 'everything' || (upload.fails === 'data' && isData)) {
      request.resume();
      answerError(response, 500, 'UNKNOWN', 'unknown error');
    } else if (request.method === 'DELETE') {
      this.#uploads.delete(id);
      answer(response, 204);
    } else if (request.method === 'GET') {
      if (this.#traits.isSilent === true) answer(response, 404);
      else answer(response, 204, this.#head(url, upload));
    } else {
      await this.#take(request, response, { id, url, upload });
    }
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    { id, url, upload }: { readonly id: string; readonly url: URL; readonly upload: Upload },
  ): Promise<void> {
    const { mostBodyBytes = Infinity, leastChunkBytes = 0, refusesChunks, keeps = 'bytes', patchStatus } = this.#traits;
    const { overwrites = false } = this.#traits;
    const length = Number(request.headers['content-length']);
    const range = request.headers['content-range']?.toString();
    const [start, end] = (range ?? '').split('-').map(Number);
    const refuse = (status: number): void => {
      response.once('finish', () => request.socket.end());
      answer(response, status, { connection: 'close' });
    };
    if (length > mostBodyBytes) return refuse(413);
    if (range !== undefined && refusesChunks !== undefined) return refuse(refusesChunks);
    if (range !== undefined && !overwrites && start !== upload.bytes.length) return refuse(416);
    // The last chunk may be smaller. Which one that is is not known here: two in a row are refused.
    if (range !== undefined && length < leastChunkBytes && upload.last < leastChunkBytes && end !== 0)
      return refuse(400);
    this.reading += 1;
    const body = await this.#read(request);
    this.reading -= 1;
    if (body.length < length) {
      upload.isBroken = true;
      if (keeps === 'bytes') upload.bytes = Buffer.concat([upload.bytes, body]);
      return;
    }
    upload.bytes = overwrites && body.length > 0 ? body : Buffer.concat([upload.bytes, body]);
    upload.last = body.length;
    upload.first ||= body.length;
    if (request.method === 'PATCH') {
      answer(response, patchStatus ?? 202, this.#head(url, upload));
      return;
    }
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(upload.bytes) !== digest) {
      answerError(response, 400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
      return;
    }
    this.#uploads.delete(id);
    const repository = /^\/v2\/(.+)\/blobs\/uploads\//.exec(url.pathname)?.[1] ?? '';
    this.#registry.putBlob(repository, upload.bytes);
    answer(response, 201, { 'docker-content-digest': digest });
  }

  /** Reads a body to its end, or to where its connection breaks. */
  async #read(request: IncomingMessage): Promise<Buffer> {
    const { socket } = request;
    const { afterBytes = Infinity, times = Infinity } = this.#traits.breaks ?? {};
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        const before = this.#brought.get(socket) ?? 0;
        const isLast = this.breaks < times && before + chunk.length >= afterBytes;
        const taken = isLast ? chunk.subarray(0, afterBytes - before) : chunk;
        this.#brought.set(socket, before + taken.length);
        this.arrived += taken.length;
        chunks.push(taken);
        if (this.#traits.paceMs !== undefined) await sleep(this.#traits.paceMs);
        if (!isLast) continue;
        this.breaks += 1;
        socket.resetAndDestroy();
        break;
      }
    } catch {
      // The client broke it off.
    }
    return Buffer.concat(chunks);
  }

  #head(url: URL, { bytes, last, first }: Upload): Record<string, string> {
    const ends = { blob: bytes.length, chunk: last, stuck: first, zero: 0 };
    const end = ends[this.#traits.range ?? 'blob'];
    return {
      location: `${url.pathname}?state=${bytes.length}`,
      range: `0-${Math.max(0, end - 1)}`,
      ...this.#server(),
    };
  }

  #server(): Record<string, string> {
    const { server } = this.#traits;
    return server === undefined ? {} : { server };
  }
}
