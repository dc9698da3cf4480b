import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import * as z from 'zod';

import { readTar } from '../discovery/read-tar.js';
import { FerryError } from '../domain/ferry-error.js';
import { wholeAnswers } from './bounded-responses.js';
import { githubFault } from './github-fault.js';
import type { GitHubRequest } from './github-fault.js';
import { UpstreamFault } from './upstream-fault.js';

const tagsAPage = 100;
/** Ten thousand tags: more than any project has, and a limit for an endless listing. */
const mostPages = 100;
const largestFileBytes = 5 * 1024 * 1024;
/** A base64 file in JSON or a page of tags, with room to spare. */
const largestAnswerBytes = 10 * 1024 * 1024;
const answerTimeoutMs = 30_000;
/** The whole archive of a repository, of which the folder is kept. */
const archiveTimeoutMs = 5 * 60_000;

export interface GitHubOptions {
  /** Base URL of the REST API: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise server. */
  readonly apiUrl: string;
  /** Read at each request, since a token in a file may change. Undefined: unauthenticated requests. */
  readonly token: () => string | undefined;
  /** Base backoff before a failed request is retried, times 1, 4, 9; in milliseconds, default 1,000. */
  readonly retryPauseMs?: number;
  /** Sends the requests; default: Node's own fetch, which does not support proxies. */
  readonly fetch?: typeof fetch;
}

export interface TagListing {
  readonly tags: readonly string[];
  /** Covers the first `etagCovers` tags only. */
  readonly etag?: string | undefined;
  readonly etagCovers: number;
}

/** The part of GitHub's REST API that is needed: tags and files. */
export interface GitHub {
  /**
   * Lists all tags of a repository, in GitHub's order, which is not that of versions.
   *
   * @param options.etag ETag of an earlier listing
   * @returns undefined if nothing has changed since then, which costs one request
   * @throws UpstreamFault naming the address
   */
  listTags(
    repository: string,
    options?: { readonly etag?: string | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<TagListing | undefined>;
  /**
   * Returns the text of a file at a tag.
   *
   * @throws UpstreamFault; `upstream-missing` if the file or the tag does not exist
   */
  readFile(
    file: { readonly repository: string; readonly path: string; readonly tag: string },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<string>;
  /**
   * Lists the names of the files in a folder at a tag; '' is the repository's root.
   *
   * @returns undefined if the folder does not exist or has too many files to list
   * @throws UpstreamFault
   */
  listFolder(
    folder: { readonly repository: string; readonly path: string; readonly tag: string },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly string[] | undefined>;
  /**
   * Reads a folder with everything below it at a tag, from the repository's archive: one request. Paths are relative to the
   * folder.
   *
   * @returns no file if the folder does not exist
   * @throws UpstreamFault, also if its files are too large
   */
  readFolder(
    folder: { readonly repository: string; readonly path: string; readonly tag: string },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<ReadonlyMap<string, Uint8Array>>;
  readonly hasToken: boolean;
}

const Folder = z.array(z.looseObject({ name: z.string(), type: z.string() }));
/** Git hosts accept no longer names. */
const longestTag = 255;
const Tags = z.array(z.looseObject({ name: z.string().max(longestTag) }));
const Base64File = z.looseObject({ encoding: z.literal('base64'), content: z.string() });

type Client = ReturnType<typeof createClient>;

export function createGitHub(options: GitHubOptions): GitHub {
  const { token } = options;
  const baseUrl = baseOf(options);
  return {
    get hasToken() {
      return token() !== undefined;
    },

    async listTags(repository, { etag, signal } = {}) {
      const client = createClient(options);
      const tags: string[] = [];
      let first: { readonly etag?: string | undefined; readonly etagCovers: number } = { etagCovers: 0 };
      for (let page = 1; page <= mostPages; page += 1) {
        const request = {
          what: `the tags of ${repository}`,
          url: `${baseUrl}/repos/${repository}/tags`,
          hasToken: this.hasToken,
        };
        const answer = await ask(request, signal, async (own) => await askForTags(client, repository, page, etag, own));
        if (answer === undefined) return undefined;

        const { data, headers } = answer;
        const parsed = Tags.safeParse(data);
        if (!parsed.success) throw unexpected(request, `a list of tags with names of at most ${longestTag} characters`);
        tags.push(...parsed.data.map(({ name }) => name));
        if (page === 1) first = { etag: headers.etag, etagCovers: tags.length };
        // The next page is requested by its number: a URL in a response is not followed with the token.
        if (!/<[^>]*>\s*;[^,]*\brel="?next"?/.test(headers.link ?? '')) return { tags, ...first };
      }
      throw new UpstreamFault(`${baseUrl}/repos/${repository}/tags has more than ${mostPages * tagsAPage} tags`, {
        code: 'upstream-format',
        decision: 'block',
      });
    },

    async readFile({ repository, path, tag }, { signal } = {}) {
      const client = createClient(options);
      const request = {
        what: `the file ${path} of ${repository} at ${tag}`,
        url: `${baseUrl}/repos/${repository}/contents/${path}?ref=${tag}`,
        hasToken: this.hasToken,
      };
      const { data } = await ask(
        request,
        signal,
        async (own) =>
          await client.rest.repos.getContent({
            ...ownerAndRepo(repository),
            path,
            ref: tag,
            mediaType: { format: 'raw' },
            request: { signal: own },
          }),
      );
      return readText(data, request);
    },

    async listFolder({ repository, path, tag }, { signal } = {}) {
      const client = createClient(options);
      const request = {
        what: `the folder ${path} of ${repository} at ${tag}`,
        url: `${baseUrl}/repos/${repository}/contents/${path}?ref=${tag}`,
        hasToken: this.hasToken,
      };
      try {
        const { data } = await ask(
          request,
          signal,
          async (own) =>
            await client.rest.repos.getContent({
              ...ownerAndRepo(repository),
              path,
              ref: tag,
              request: { signal: own },
            }),
        );
        const parsed = Folder.safeParse(data);
        return parsed.success ? parsed.data.flatMap(({ name, type }) => (type === 'file' ? [name] : [])) : undefined;
      } catch (error) {
        if (error instanceof UpstreamFault && error.code === 'upstream-missing') return undefined;
        throw error;
      }
    },

    async readFolder({ repository, path, tag }, { signal } = {}) {
      const request = {
        what: `the archive of ${repository} at ${tag}`,
        url: `${baseUrl}/repos/${repository}/tarball/${tag}`,
        hasToken: this.hasToken,
      };
      const client = createClient(options);
      return await ask(
        request,
        signal,
        async (own) => {
          const { data } = await client.request('GET /repos/{owner}/{repo}/tarball/{ref}', {
            ...ownerAndRepo(repository),
            ref: tag,
            request: { signal: own, fetch: options.fetch ?? fetch, parseSuccessResponseBody: false },
          });
          return await filesBelow(path, data as AsyncIterable<Uint8Array>, request);
        },
        archiveTimeoutMs,
      );
    },
  };
}

/** All files are in one folder, whose name ends with the commit. */
async function filesBelow(
  path: string,
  archive: AsyncIterable<Uint8Array>,
  { what }: GitHubRequest,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const folder = path.replace(/^(?:\.?\/)+|\/+$/g, '');
  const prefix = folder === '' || folder === '.' ? '' : `${folder}/`;
  const pathIn = (name: string): string => name.slice(name.indexOf('/') + 1);
  try {
    const files = await readTar(archive, (name) => name.includes('/') && pathIn(name).startsWith(prefix));
    return new Map([...files].map(([name, bytes]) => [pathIn(name).slice(prefix.length), bytes]));
  } catch (error) {
    if (!(error instanceof FerryError)) throw error;
    throw new UpstreamFault(`${what}: ${error.message}`, { code: 'upstream-format', decision: 'block' });
  }
}

/** Sends one request to GitHub's REST API and converts its errors. @throws UpstreamFault */
export async function askGitHub<T>(
  options: GitHubOptions,
  request: Omit<GitHubRequest, 'hasToken'>,
  signal: AbortSignal,
  send: (client: Client, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const client = createClient(options);
  return await ask(
    { ...request, hasToken: options.token() !== undefined },
    signal,
    async (own) => await send(client, own),
  );
}

function baseOf({ apiUrl }: GitHubOptions): string {
  return apiUrl.replace(/\/+$/, '');
}

function createClient(options: GitHubOptions) {
  const { retryPauseMs = 1_000, fetch: send = fetch } = options;
  const token = options.token();
  const silent = (): void => undefined;
  return new (Octokit.plugin(retry, throttling))({
    baseUrl: baseOf(options),
    userAgent: 'image-ferry',
    request: { fetch: wholeAnswers(send, largestAnswerBytes) },
    auth: token,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    // An activity must not wait an hour for a rate limit: the workflow sleeps instead.
    throttle: { onRateLimit: () => false, onSecondaryRateLimit: () => false },
    retry: { doNotRetry: [400, 401, 403, 404, 410, 422, 429, 451], retryAfterBaseValue: retryPauseMs },
  });
}

/** @returns undefined for "not modified" */
async function askForTags(
  client: Client,
  repository: string,
  page: number,
  etag: string | undefined,
  signal: AbortSignal,
) {
  try {
    return await client.rest.repos.listTags({
      ...ownerAndRepo(repository),
      per_page: tagsAPage,
      page,
      headers: page === 1 && etag !== undefined ? { 'if-none-match': etag } : {},
      request: { signal },
    });
  } catch (error) {
    if (error instanceof Error && 'status' in error && error.status === 304) return undefined;
    throw error;
  }
}

async function ask<T>(
  request: GitHubRequest,
  signal: AbortSignal | undefined,
  send: (signal: AbortSignal) => Promise<T>,
  timeoutMs = answerTimeoutMs,
): Promise<T> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await send(signal === undefined ? timeout : AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal?.throwIfAborted();
    throw githubFault(error, request);
  }
}

/** Servers that do not support the raw media type return the file in base64. */
function readText(data: unknown, request: GitHubRequest): string {
  const encoded = Base64File.safeParse(data);
  const text = encoded.success ? Buffer.from(encoded.data.content, 'base64').toString('utf8') : data;
  if (typeof text !== 'string') throw unexpected(request, 'the text of a file; it may be a folder');
  if (Buffer.byteLength(text) > largestFileBytes) {
    throw unexpected(request, `a file of at most ${largestFileBytes} bytes`);
  }
  return text;
}

function ownerAndRepo(repository: string): { readonly owner: string; readonly repo: string } {
  const [owner = '', repo = ''] = repository.split('/');
  return { owner, repo };
}

function unexpected({ url }: GitHubRequest, expected: string): UpstreamFault {
  return new UpstreamFault(`unexpected response from ${url}: expected ${expected}`, {
    code: 'upstream-format',
    decision: 'block',
  });
}
