import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, globalAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { selfSignedCertificate } from '../../demo/self-signed-certificate.js';
import { download } from '../../src/setup/from-download.mjs';
import { freePort } from '../../src/supervisor/free-port.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-download-'));
const destination = join(folder, 'bin', 'tool');
const { cert, key } = selfSignedCertificate();
const answers = new Map<string, { status: number; headers?: Record<string, string>; body?: Buffer | string }>();
const server = createServer({ cert, key }, (request, response) => {
  const { status, headers, body } = answers.get(request.url ?? '') ?? { status: 404 };
  response.writeHead(status, headers).end(body);
});
let url: string;
let archive: Buffer;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  globalAgent.options.ca = cert;
  writeFileSync(join(folder, 'tool'), '#!/bin/sh\necho tool 1.0\n');
  execFileSync('tar', ['-czf', join(folder, 'tool.tar.gz'), '-C', folder, 'tool']);
  archive = readFileSync(join(folder, 'tool.tar.gz'));
});

afterAll(() => {
  delete globalAgent.options.ca;
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  rmSync(join(folder, 'bin'), { recursive: true, force: true });
  mkdirSync(join(folder, 'bin'));
  const checksum = createHash('sha256').update(archive).digest('hex');
  answers.clear();
  answers.set('/checksums.txt', { status: 200, body: `${'0'.repeat(64)}  other.tar.gz\n${checksum}  tool.tar.gz\n` });
  answers.set('/tool.tar.gz', { status: 302, headers: { location: '/elsewhere/tool' } });
  answers.set('/elsewhere/tool', { status: 200, body: archive });
});

function get(): Promise<{ ok: boolean; output: string }> {
  return download({ url: `${url}/tool.tar.gz`, checksums: `${url}/checksums.txt`, file: 'tool', destination });
}

test('a program is extracted from the archive that a release address redirects to', async () => {
  const result = await get();

  expect(result).toEqual({ ok: true, output: '' });
  expect(statSync(destination).mode & 0o111).toBe(0o111);
  expect(readdirSync(join(folder, 'bin'))).toEqual(['tool']);
});

test("an archive that does not match its publisher's checksum is discarded", async () => {
  answers.set('/elsewhere/tool', { status: 200, body: Buffer.concat([archive, Buffer.from('!')]) });

  const result = await get();

  expect(result.ok).toBe(false);
  expect(result.output).toMatch(/^checksum mismatch of tool\.tar\.gz: got [0-9a-f]{64}, expected [0-9a-f]{64}/);
  expect(readdirSync(join(folder, 'bin'))).toEqual([]);
});

test('an archive without a checksum of its publisher is rejected', async () => {
  answers.set('/checksums.txt', { status: 200, body: `${'0'.repeat(64)}  a\n${'1'.repeat(64)}  b\n` });

  const result = await get();

  expect(result.output).toContain('(not listed by the publisher)');
});

test('a redirect from https to http is not followed', async () => {
  answers.set('/tool.tar.gz', { status: 302, headers: { location: 'http://127.0.0.1/tool' } });

  const result = await get();

  expect(result.output).toContain('which is not HTTPS');
});

test('a missing release and an unreachable host are reported', async () => {
  answers.delete('/checksums.txt');
  const missing = await get();
  const nowhere = `https://127.0.0.1:${await freePort()}`;
  const unreachable = await download({ url: `${nowhere}/a`, checksums: `${nowhere}/b`, file: 'tool', destination });

  expect(missing.output).toBe(`${url}/checksums.txt answered 404, expected 200`);
  expect(unreachable.output).toContain('ECONNREFUSED');
});
