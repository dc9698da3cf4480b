import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { startChild, stopChild } from '../../../demo/child-process.js';
import { imageRequest } from '../../database/store-fixture.js';
import { freePort } from '../../support/free-port.js';
import { requireTool } from '../../support/tools.js';
import { apiToken, cookieOf, startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const folder = mkdtempSync(join(tmpdir(), 'ferry-nginx-'));
let stage: ConsoleStage;
let nginx: ReturnType<typeof startChild>;
let url: string;

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/ferry`;
  stage = await startConsoleStage({ signIn: { basePath: '/ferry', publicUrl: new URL(url) } });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  // The defaults of nginx, which buffers answers.
  writeFileSync(
    join(folder, 'nginx.conf'),
    `${userInfo().uid === 0 ? 'user root;' : ''}
     pid ${join(folder, 'nginx.pid')};
     error_log ${join(folder, 'error.log')};
     events {}
     http {
       access_log off;
       ${temporary.join('\n')}
       server {
         listen 127.0.0.1:${port};
         location /ferry/ { proxy_pass ${stage.server.url}; }
       }
     }`,
  );
  const files = ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')];
  nginx = startChild(requireTool('nginx'), [...files, '-g', 'daemon off;'], { stdio: 'ignore' });
  for (let left = 100; left > 0; left -= 1) {
    const answers = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (answers) return;
    await delay(100);
  }
  throw new Error('nginx does not answer');
}, 30_000);
afterAll(async () => {
  await stopChild(nginx);
  await stage.clear();
  rmSync(folder, { recursive: true, force: true });
});

test('behind nginx with its default buffering, below a path, users sign in and events arrive at once', async () => {
  const signedIn = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin },
    body: JSON.stringify({ token: apiToken }),
  });
  const cookie = cookieOf(signedIn);
  const stop = new AbortController();
  const response = await fetch(`${url}/api/v1/events`, { headers: { cookie }, signal: stop.signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  const until = async (part: string): Promise<void> => {
    while (!text.includes(part)) text += (await reader?.read())?.value ?? '';
  };
  await until('event: ready');
  const began = performance.now();
  await stage.stores.wanted.addWanted([imageRequest('nginx:1.27')]);
  await until('docker.io/library/nginx:1.27');
  const ms = performance.now() - began;
  stop.abort();
  const images = await fetch(`${url}/api/v1/images`, { headers: { cookie } });

  expect(signedIn.headers.get('set-cookie')).toContain('Path=/ferry;');
  expect(ms).toBeLessThan(2_000);
  expect(images.status).toBe(200);
}, 20_000);
