/** The web console: the files of its build, and the page that loads them. */
import { createHash } from 'node:crypto';
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
  '/targets',
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

/**
 * Nothing comes from another host, and no script is in the page itself. The components write style elements, which have
 * no access to anything.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const secure = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** Routes of the console; none if it was not built. */
export function consoleFiles({ folder, basePath }: ConsoleFilesOptions): Hono {
  const app = new Hono();
  const page = join(folder, 'index.html');
  if (!existsSync(page)) return app;
  const html = readFileSync(page, 'utf8').replace('<base href="/" />', () => `<base href="${escaped(basePath)}" />`);
  const etag = `"${createHash('sha256').update(html).digest('hex').slice(0, 32)}"`;
  const served = new Set(listFiles(folder));

  for (const path of pages) app.get(path, answerPage);
  app.get('/assets/*', async (context) => await answerFile(context, 'public, max-age=31536000, immutable'));
  app.get('/ferry.svg', async (context) => await answerFile(context, 'public, max-age=3600'));
  return app;

  function answerPage(context: Context): Response {
    const headers = { ...secure, 'cache-control': 'no-cache', etag };
    if (context.req.header('if-none-match') === etag) return context.body(null, 304, headers);
    return context.html(html, 200, headers);
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
      'content-type': type,
      'cache-control': cacheControl,
      vary: 'accept-encoding',
      ...(encoding === undefined ? {} : { 'content-encoding': encoding.name }),
    });
  }
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
