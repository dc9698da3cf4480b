/** The web console: the files of its build, and the page that loads them. */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

import { Hono } from 'hono';
import type { Context } from 'hono';

export interface ConsoleFilesOptions {
  /** The folder of the console's build. */
  readonly folder: string;
  /** The path that browsers see the server under: `/`, or `/ferry/` behind a proxy. */
  readonly basePath: string;
}

/** The pages of the console. Every other path belongs to webhooks and the API. */
const pages = [
  '/',
  '/sign-in',
  '/images',
  '/image',
  '/add',
  '/runs',
  '/runs/:run',
  '/upstreams',
  '/schedules',
  '/requests',
  '/requests/:id',
  '/targets',
  '/notifications',
  '/configuration',
] as const;

const mediaTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** In the order of preference. */
const encodings = [
  { name: 'br', extension: '.br' },
  { name: 'gzip', extension: '.gz' },
] as const;

/** Where the page has the nonce of its answer: the components write style elements with it. */
const noncePlace = '<meta property="csp-nonce" nonce="" />';

const secure = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** Of a file that a browser opens without the page. */
const filePolicy = "default-src 'none'; frame-ancestors 'none'";

/** Routes of the console; none if it was not built. */
export function consoleFiles({ folder, basePath }: ConsoleFilesOptions): Hono {
  const app = new Hono();
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return app;
  const html = readFileSync(page, 'utf8').replace('<base href="/" />', () => `<base href="${escaped(basePath)}" />`);
  const served = new Set(listFiles(folder));

  for (const path of pages) app.get(path, answerPage);
  app.get('/assets/*', async (context) => await answerFile(context, 'public, max-age=31536000, immutable'));
  app.get('/ferry.svg', async (context) => await answerFile(context, 'public, max-age=3600'));
  return app;

  function answerPage(context: Context): Response {
    const nonce = randomBytes(16).toString('base64url');
    return context.html(html.replace(noncePlace, noncePlace.replace('""', `"${nonce}"`)), 200, {
      ...secure,
      'content-security-policy': contentSecurityPolicy(nonce),
      // Without an ETag: a 304 would join the nonce of one answer with the page of another.
      'cache-control': 'no-cache',
    });
  }

  async function answerFile(context: Context, cacheControl: string): Promise<Response> {
    const name = context.req.path.slice(1);
    const type = mediaTypes[extname(name)];
    if (type === undefined || !served.has(name)) return await context.notFound();
    const accepted = context.req.header('accept-encoding') ?? '';
    const encoding = encodings.find((one) => accepts(accepted, one.name) && served.has(`${name}${one.extension}`));
    const content = await readFile(join(folder, `${name}${encoding?.extension ?? ''}`));
    return context.body(content, 200, {
      ...secure,
      'content-security-policy': filePolicy,
      'content-type': type,
      'cache-control': cacheControl,
      vary: 'accept-encoding',
      ...(encoding === undefined ? {} : { 'content-encoding': encoding.name }),
    });
  }
}

/** Nothing comes from another host, and neither scripts nor styles are in the page itself but those with its nonce. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Paths with slashes, relative to the folder. Only these are served, whatever a request names. */
function listFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((entry) => {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
