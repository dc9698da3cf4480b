import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { RestEndpointMethodTypes } from '@octokit/rest';

import { tarArchive } from './tar-archive.js';

/** GitHub's published schemas, by the types that Octokit generates from them: what is answered has to fit. */
type Tags = RestEndpointMethodTypes['repos']['listTags']['response']['data'];
type Contents = Extract<
  RestEndpointMethodTypes['repos']['getContent']['response']['data'],
  { type: 'file'; encoding: string }
>;
type RateLimit = RestEndpointMethodTypes['rateLimit']['get']['response']['data'];
interface Refusal {
  readonly message: string;
  readonly documentation_url: string;
  readonly status: string;
}

const documentation = 'https://docs.github.com/rest';
const standardPage = 30;
const largestPage = 100;
const requestsAnHour = 60;

export interface AnsweredRequest {
  /** With the query. */
  readonly path: string;
  readonly status: number;
  readonly authorization?: string;
  readonly userAgent?: string;
}

/** What answers in place of GitHub's own answer, once. */
export interface Trouble {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Break the connection instead. */
  readonly hangUp?: boolean;
}

/** A server on 127.0.0.1 that answers like GitHub's REST interface, as far as tags and files of repositories go. */
export interface GitHubStandIn {
  /** Base address, as `github.apiUrl` takes it. */
  readonly url: string;
  /** Every request that was answered, in that order. */
  readonly requests: readonly AnsweredRequest[];
  /** Replaces the tags of a repository, in the order in which they are listed. */
  setTags(repository: string, tags: readonly string[]): void;
  /** The content of a file at a tag. */
  setFile(repository: string, tag: string, path: string, content: string): void;
  /** The next requests are answered so, one each. */
  next(...troubles: readonly Trouble[]): void;
  /** Answers `remaining` requests until `resetMs` from now; then a new hour starts. */
  limit(remaining: number, resetMs: number): void;
  /** Requests need this token from now on. */
  requireToken(token: string): void;
  stop(): Promise<void>;
}

interface Repository {
  tags: readonly string[];
  readonly files: Map<string, string>;
}

export async function startGitHubStandIn(): Promise<GitHubStandIn> {
  const repositories = new Map<string, Repository>();
  const requests: AnsweredRequest[] = [];
  const troubles: Trouble[] = [];
  let token: string | undefined;
  let remaining = requestsAnHour;
  let resetAt = Date.now() + 3_600_000;

  const server = createServer((request, response) => {
    response.on('finish', () => log(request, response.statusCode));
    serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    requests,
    setTags(name, tags) {
      repository(name).tags = tags;
    },
    setFile(name, tag, path, content) {
      repository(name).files.set(`${tag}:${path}`, content);
    },
    next(...more) {
      troubles.push(...more);
    },
    limit(count, resetMs) {
      remaining = count;
      resetAt = Date.now() + resetMs;
    },
    requireToken(required) {
      token = required;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function repository(name: string): Repository {
    const known = repositories.get(name) ?? { tags: [], files: new Map<string, string>() };
    repositories.set(name, known);
    return known;
  }

  function log(request: IncomingMessage, status: number): void {
    const { authorization, 'user-agent': userAgent } = request.headers;
    requests.push({
      path: request.url ?? '',
      status,
      ...(authorization === undefined ? {} : { authorization }),
      ...(userAgent === undefined ? {} : { userAgent }),
    });
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const trouble = troubles.shift();
    if (trouble?.hangUp === true) {
      log(request, 0);
      request.socket.destroy();
      return;
    }
    if (Date.now() > resetAt) {
      remaining = requestsAnHour;
      resetAt = Date.now() + 3_600_000;
    }
    if (request.url === '/rate_limit') {
      tellRate(response);
      return;
    }
    if (remaining === 0) {
      const message =
        "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated requests get a higher rate limit. Check out the documentation for more details.)";
      refuse(response, 403, message);
      return;
    }
    remaining -= 1;
    if (trouble !== undefined) {
      response.writeHead(trouble.status, { ...limits(), ...trouble.headers });
      response.end(trouble.body ?? '');
      return;
    }
    const given = /^(?:bearer|token) (.*)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && given !== token) {
      refuse(response, 401, 'Bad credentials');
      return;
    }
    answer(request, response);
  }

  /** Costs nothing, as on GitHub. */
  function tellRate(response: ServerResponse): void {
    const rate = {
      limit: requestsAnHour,
      remaining,
      used: requestsAnHour - remaining,
      reset: Math.ceil(resetAt / 1000),
    };
    const body: RateLimit = { resources: { core: rate, search: rate }, rate };
    response.writeHead(200, { ...limits(), 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  }

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const address = new URL(request.url ?? '/', url);
    const [, owner = '', name = '', rest = ''] = /^\/repos\/([^/]+)\/([^/]+)\/(.*)$/.exec(address.pathname) ?? [];
    const found = repositories.get(`${owner}/${name}`);
    if (request.method !== 'GET' || found === undefined) {
      refuse(response, 404, 'Not Found');
    } else if (rest === 'tags') {
      listTags(request, response, { address, found, name: `${owner}/${name}` });
    } else if (rest.startsWith('contents/')) {
      const path = decodeURIComponent(rest.slice('contents/'.length));
      const ref = address.searchParams.get('ref') ?? '';
      const content = found.files.get(`${ref}:${path}`);
      const folder = content === undefined ? folderAt(found, ref, path) : [];
      if (content !== undefined) sendFile(request, response, { name: `${owner}/${name}`, path, ref, content });
      else if (folder.length > 0) sendFolder(request, response, folder);
      else refuse(response, 404, found.tags.includes(ref) ? 'Not Found' : `No commit found for the ref ${ref}`);
    } else if (rest.startsWith('tarball/')) {
      sendArchive(response, found, decodeURIComponent(rest.slice('tarball/'.length)), `${owner}-${name}`);
    } else {
      refuse(response, 404, 'Not Found');
    }
  }

  /** GitHub redirects to another host, where the archive has one folder that is named after the commit. */
  function sendArchive(response: ServerResponse, { files, tags }: Repository, ref: string, name: string): void {
    if (!tags.includes(ref)) {
      refuse(response, 404, 'Not Found');
      return;
    }
    const folder = `${name}-${shaOf(ref).slice(0, 7)}`;
    const below = [...files].filter(([key]) => key.startsWith(`${ref}:`));
    const named = below.map(([key, content]) => [`${folder}/${key.slice(ref.length + 1)}`, content]);
    response.writeHead(200, { ...limits(), 'content-type': 'application/x-gzip' });
    response.end(tarArchive(Object.fromEntries(named) as Record<string, string>));
  }

  function listTags(
    request: IncomingMessage,
    response: ServerResponse,
    { address, found, name }: { readonly address: URL; readonly found: Repository; readonly name: string },
  ): void {
    const size = Math.min(Number(address.searchParams.get('per_page') ?? standardPage), largestPage);
    const page = Math.max(1, Number(address.searchParams.get('page') ?? 1));
    const pages = Math.max(1, Math.ceil(found.tags.length / size));
    const tags: Tags = found.tags.slice((page - 1) * size, page * size).map((tag) => ({
      name: tag,
      zipball_url: `${url}/repos/${name}/zipball/refs/tags/${tag}`,
      tarball_url: `${url}/repos/${name}/tarball/refs/tags/${tag}`,
      commit: { sha: shaOf(tag), url: `${url}/repos/${name}/commits/${shaOf(tag)}` },
      node_id: `REF_${Buffer.from(tag).toString('base64url')}`,
    }));
    const link = [
      ...(page < pages ? [linkTo(page + 1, 'next'), linkTo(pages, 'last')] : []),
      ...(page > 1 ? [linkTo(page - 1, 'prev'), linkTo(1, 'first')] : []),
    ].join(', ');
    sendConditionally(request, response, JSON.stringify(tags), {
      'content-type': 'application/json; charset=utf-8',
      ...(link === '' ? {} : { link }),
    });

    function linkTo(number: number, relation: string): string {
      return `<${url}/repositories/1/tags?per_page=${size}&page=${number}>; rel="${relation}"`;
    }
  }

  function sendFile(
    request: IncomingMessage,
    response: ServerResponse,
    file: { readonly name: string; readonly path: string; readonly ref: string; readonly content: string },
  ): void {
    const { name, path, ref, content } = file;
    if (/application\/vnd\.github\.(?:v3\.)?raw/.test(request.headers.accept ?? '')) {
      const headers = { 'content-type': 'application/vnd.github.raw+json; charset=utf-8' };
      sendConditionally(request, response, content, headers);
      return;
    }
    const sha = shaOf(content);
    const address = `${url}/repos/${name}/contents/${path}?ref=${ref}`;
    const git = `${url}/repos/${name}/git/blobs/${sha}`;
    const html = `https://github.com/${name}/blob/${ref}/${path}`;
    const json: Contents = {
      name: path.split('/').at(-1) ?? path,
      path,
      sha,
      size: Buffer.byteLength(content),
      url: address,
      html_url: html,
      git_url: git,
      download_url: `${url}/raw/${name}/${ref}/${path}`,
      type: 'file',
      content: Buffer.from(content).toString('base64'),
      encoding: 'base64',
      _links: { self: address, git, html },
    };
    sendConditionally(request, response, JSON.stringify(json), { 'content-type': 'application/json; charset=utf-8' });
  }

  /** What is directly in a folder: files, and the folders that hold others. */
  function folderAt({ files }: Repository, ref: string, path: string): readonly { name: string; type: string }[] {
    const prefix = path === '' ? `${ref}:` : `${ref}:${path}/`;
    const below = [...files.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
    const types = new Map(below.map((rest) => [rest.split('/', 1).join(''), rest.includes('/') ? 'dir' : 'file']));
    return [...types].map(([name, type]) => ({ name, type }));
  }

  function sendFolder(
    request: IncomingMessage,
    response: ServerResponse,
    entries: readonly { name: string; type: string }[],
  ): void {
    sendConditionally(request, response, JSON.stringify(entries), {
      'content-type': 'application/json; charset=utf-8',
    });
  }

  function sendConditionally(
    request: IncomingMessage,
    response: ServerResponse,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): void {
    const etag = `W/"${createHash('sha256').update(body).digest('hex')}"`;
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { ...limits(), etag }).end();
      return;
    }
    response.writeHead(200, { ...limits(), ...headers, etag }).end(body);
  }

  function refuse(response: ServerResponse, status: number, message: string): void {
    const body: Refusal = { message, documentation_url: documentation, status: String(status) };
    response.writeHead(status, { ...limits(), 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  }

  function limits(): Record<string, string> {
    return {
      'x-github-media-type': 'github.v3; format=json',
      'x-ratelimit-limit': String(requestsAnHour),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-used': String(requestsAnHour - remaining),
      'x-ratelimit-resource': 'core',
      'x-ratelimit-reset': String(Math.ceil(resetAt / 1_000)),
    };
  }
}

function shaOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
