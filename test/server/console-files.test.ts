import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { consoleFiles } from '../../src/server/console-files.js';

const script = 'console.log("a script of the console");';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'console-files-'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<head><base href="/" /><meta property="csp-nonce" nonce="" /></head>');
  writeFileSync(join(folder, 'THIRD-PARTY-LICENSES.txt'), 'licenses');
  writeFileSync(join(folder, 'assets', 'index-12345678.js'), script);
  writeFileSync(join(folder, 'assets', 'index-12345678.js.br'), brotliCompressSync(script));
  writeFileSync(join(folder, 'assets', 'index-12345678.js.gz'), gzipSync(script));
});

afterAll(() => rmSync(folder, { recursive: true }));

const withoutNonce = (page: string): string => page.replace(/nonce="[^"]+"/, 'nonce=""');
const served = (basePath = '/') => consoleFiles({ folder, basePath });

test('every page of the console is the same file, which a browser requests each time', async () => {
  const first = await served().request('/');
  const deep = await served().request('/images?state=blocked');

  expect(first.status).toBe(200);
  expect(first.headers.get('cache-control')).toBe('no-cache');
  expect(first.headers.get('etag')).toBeNull();
  expect(withoutNonce(await deep.text())).toBe(withoutNonce(await first.text()));
});

test('each page that the console can show may be opened and reloaded by its address', async () => {
  const router = readFileSync(new URL('../../packages/console/src/router.tsx', import.meta.url), 'utf8');
  const paths = [...router.matchAll(/page\('([^']+)'\)/g)].map(([, path = '']) => path.replace(/\$\w+/, '1'));
  const answers = await Promise.all(paths.map(async (path) => [path, (await served().request(path)).status]));

  expect(paths).toContain('/notifications');
  expect(answers.filter(([, status]) => status !== 200)).toEqual([]);
});

test('a style element is allowed only with the nonce of its answer, and each answer has another', async () => {
  const [first, second] = [await served().request('/'), await served().request('/')];
  const nonceOf = (text: string): string => /'nonce-([\w-]{22})'/.exec(text)?.[1] ?? '';
  const policies = [first, second].map(({ headers }) => headers.get('content-security-policy') ?? '');
  const [one = '', other = ''] = policies.map(nonceOf);

  expect(await first.text()).toContain(`nonce="${one}"`);
  expect(one).not.toBe('');
  expect(one).not.toBe(other);
  expect(policies.join(' ')).not.toContain('unsafe-inline');
});

test('the page allows no script but those of this server, and no other site may show it in a frame', async () => {
  const { headers } = await served().request('/');
  const policy = headers.get('content-security-policy') ?? '';

  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('the page names the path under which a proxy serves it, and nothing of that path becomes markup', async () => {
  const page = await served('/ferry/"><script>/').request('/');

  expect(await page.text()).toContain('<head><base href="/ferry/&quot;>&lt;script>/" /><meta ');
});

test('a file whose name has its hash is cached for ever, and comes compressed as the browser accepts', async () => {
  const request = async (accepted: string) =>
    await served().request('/assets/index-12345678.js', { headers: { 'accept-encoding': accepted } });

  const [brotli, gzip, refused, plain] = await Promise.all(
    ['gzip, deflate, br', 'gzip', 'br;q=0, gzip;q=0', ''].map(request),
  );

  expect(brotli?.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(brotli?.headers.get('content-encoding')).toBe('br');
  expect(brotli?.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  const sent = Buffer.from((await brotli?.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(brotliDecompressSync(sent).toString()).toBe(script);
  expect(gzip?.headers.get('content-encoding')).toBe('gzip');
  expect(refused?.headers.get('content-encoding')).toBeNull();
  expect(await plain?.text()).toBe(script);
});

test.each([
  '/assets/../index.html',
  '/assets/%2e%2e/THIRD-PARTY-LICENSES.txt',
  '/assets/other.js',
  '/assets/',
  '/api/v1',
])('nothing but the files of the build is served: %s is not found', async (path) => {
  const answer = await served().request(path);

  expect(answer.status).toBe(404);
});

test('a server without a build of the console serves none', async () => {
  const answer = await consoleFiles({ folder: join(folder, 'missing'), basePath: '/' }).request('/');

  expect(answer.status).toBe(404);
});
