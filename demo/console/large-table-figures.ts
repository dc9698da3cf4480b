// How fast the console is with 100,000 wanted images: the API, the browser, and the memory of the server.
//
//   node dist/demo/console/large-table-figures.js
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import Database from 'libsql';
import type { Page } from 'playwright-core';

import { startChild, stopChild } from '../child-process.js';
import { runFerry } from '../ferry-process.js';
import { projectRoot, requireTool } from '../tools.js';
import { startBrowser } from './browser.js';
import { signIn } from './sign-in.js';

const token = 'only-for-these-figures';
const images = 100_000;
const repeats = 7;
const scrolledForMs = 5_000;

const folder = mkdtempSync(join(tmpdir(), 'ferry-figures-'));
const listen = '127.0.0.1:18473';
const url = `http://${listen}`;
const environment: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: folder,
  FERRY_DATA_DIR: folder,
  FERRY_API_TOKEN: token,
  FERRY_LISTEN: listen,
  FERRY_TEMPORAL_CLI: requireTool('temporal'),
  // No one answers there: these figures are of the database and the browser.
  TEMPORAL_ADDRESS: '127.0.0.1:1',
  ALIYUN_REGISTRY: 'http://127.0.0.1:1',
  ALIYUN_NAME_SPACE: 'mirror',
};
await runFerry(['migrate'], environment);
fillTables(join(folder, 'ferry.db'));
const server = startChild(process.execPath, [join(projectRoot, 'bin', 'ferry'), 'server'], {
  env: environment,
  stdio: 'ignore',
});
try {
  await untilItAnswers();
  await timeApi();
  await timeBrowser();
  for (const [name, what] of [
    ['VmRSS', 'memory of the server now'],
    ['VmHWM', 'most memory of the server'],
  ] as const) {
    const [, kilobytes = '0'] =
      new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${server.pid}/status`, 'utf8')) ?? [];
    console.log(`${what}: ${Math.round(Number(kilobytes) / 1_000)} MB`);
  }
} finally {
  await stopChild(server);
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

/** Every hundredth image is pending, every thousandth blocked; the others are on the target. */
function fillTables(path: string): void {
  const database = new Database(path);
  try {
    database.exec('begin');
    const row = database.prepare(
      `insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform, push_status,
        ferry_status, image, image_key, blocked_code, blocked_reason, checked_at, requested_at, verified_at)
       values ('ghcr.io', ?, ?, 'linux/amd64', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const copy = database.prepare(
      `insert into image_copies (image, target, state, reference, attempts, last_tried_at)
       values (?, 'aliyun', 'pushed', ?, 1, 1000)`,
    );
    for (let n = 0; n < images; n += 1) {
      const name = `app-${n}:1.${n % 20}`;
      const image = `ghcr.io/org-${n % 300}/${name}`;
      const status = statusOf(n);
      const [code, reason] = status === 2 ? ['denied', 'the source refuses'] : [null, null];
      row.run([`org-${n % 300}`, name, status, status, image, `key-${n}`, code, reason, 1_000 + n, 1_000 + n, 1_000]);
      if (status === 1) copy.run([image, `127.0.0.1:1/mirror/app-${n}:1.${n % 20}`]);
    }
    database.exec('commit');
    database.exec('analyze');
  } finally {
    database.close();
  }
}

function statusOf(n: number): number {
  if (n % 1_000 === 7) return 2;
  return n % 100 === 1 ? 0 : 1;
}

async function untilItAnswers(): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    if (answer?.ok === true) return;
    await sleep(100);
  }
  throw new Error(`ferry server does not answer at ${url}`);
}

async function timeApi(): Promise<void> {
  for (const [what, query] of [
    ['first page', ''],
    ['text filter', '&search=app-777'],
    ['state filter', '&state=blocked'],
    ['sorted by name', '&sort=image&order=asc'],
  ] as const) {
    const took: number[] = [];
    for (let n = 0; n < repeats; n += 1) {
      const began = performance.now();
      const answer = await fetch(`${url}/api/v1/images?limit=100${query}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      await answer.arrayBuffer();
      if (answer.status !== 200) throw new Error(`GET /api/v1/images answered ${answer.status}`);
      took.push(performance.now() - began);
    }
    console.log(`API, ${what}: ${spread(took)} ms`);
  }
}

async function timeBrowser(): Promise<void> {
  const browser = await startBrowser();
  try {
    const context = await browser.newContext({ baseURL: url, locale: 'en', viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto('/');
    await signIn(page, token);
    const visits: number[] = [];
    for (let n = 0; n < repeats; n += 1) {
      visits.push(
        await timed(async () => {
          await page.goto('/images', { waitUntil: 'commit' });
          await page.locator('.image-name').first().waitFor();
        }),
      );
    }
    console.log(`browser, first page: ${spread(visits)} ms`);
    const texts: number[] = [];
    const states: number[] = [];
    for (let n = 0; n < repeats; n += 1) {
      await page.goto('/images');
      await page.locator('.image-name').first().waitFor();
      const wanted = `app-${5_000 + n * 11}`;
      texts.push(
        await timed(async () => {
          await page.locator('input[type=search]').first().fill(`${wanted}:`);
          await page.locator('.image-name', { hasText: wanted }).first().waitFor();
        }),
      );
      await page.goto('/images');
      await page.locator('.image-name').first().waitFor();
      states.push(
        await timed(async () => {
          await page.locator('select').first().selectOption('blocked');
          await page.locator('.row .column-state', { hasText: 'blocked' }).first().waitFor();
        }),
      );
    }
    console.log(`browser, text filter: ${spread(texts)} ms`);
    console.log(`browser, state filter: ${spread(states)} ms`);
    await timeScrolling(page);
  } finally {
    await browser.close();
  }
}

async function timeScrolling(page: Page): Promise<void> {
  await page.goto('/images');
  await page.locator('.image-name').first().waitFor();
  await page.evaluate(`globalThis.frames_ = []; globalThis.long_ = [];
    new PerformanceObserver((list) => { for (const one of list.getEntries()) long_.push(one.duration); })
      .observe({ type: 'longtask' });
    let last = performance.now();
    const frame = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);`);
  await page.mouse.move(640, 600);
  const until = performance.now() + scrolledForMs;
  while (performance.now() < until) {
    await page.mouse.wheel(0, 300);
    await sleep(16);
  }
  const [frames, long, scrolled] = await page.evaluate<[number[], number[], number]>('[frames_, long_, scrollY]');
  const ordered = frames.toSorted((a, b) => a - b);
  const share = (part: number): number => Math.round(ordered[Math.floor((ordered.length - 1) * part)] ?? 0);
  console.log(
    `scrolling ${Math.round(scrolled)} pixels: ${Math.round((frames.length * 1_000) / scrolledForMs)} frames a second, ` +
      `half within ${share(0.5)} ms, 95 % within ${share(0.95)} ms, longest ${share(1)} ms; ` +
      `${long.length} tasks over 50 ms, longest ${Math.round(Math.max(0, ...long))} ms`,
  );
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

function spread(took: readonly number[]): string {
  const ordered = took.toSorted((a, b) => a - b);
  const [fastest = 0, middle = 0, slowest = 0] = [0, Math.floor(ordered.length / 2), ordered.length - 1].map(
    (at) => ordered[at] ?? 0,
  );
  return `${Math.round(middle)} (${Math.round(fastest)} to ${Math.round(slowest)})`;
}
