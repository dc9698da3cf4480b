import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import type { BrowserContextOptions, Page } from 'playwright-core';

import { startBrowser } from '../../demo/console/browser.js';
import { pushImage } from '../../demo/image-exchange.js';
import type { Line } from '../../demo/line/line.js';
import { startLine } from '../../demo/line/start-line.js';
import { makeImage } from '../../demo/make-images.js';
import { startRegistry } from '../../demo/registry-server.js';
import { startThrottle } from '../../demo/throttle.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { freePort } from '../support/free-port.js';

const operatorToken = 'operator-of-this-test';
export const readerToken = 'reader-of-this-test';

/** The kernel takes some megabytes of each layer that a dead line does not carry: most bytes are in one layer. */
const layers = [30_000_000, 1_000_000, 500_000];
const sourceBytesPerSecond = 3_500_000;

/** `ferry up` with a slow source, two targets, one of them behind a line, and a browser. */
export interface ConsoleStage extends FerryStage {
  readonly url: string;
  /** `host/team/app:1`, of three layers. */
  readonly image: string;
  /** `host/team/small:1` */
  readonly small: string;
  /** The source does not have it. */
  readonly missing: string;
  /** The line to the target `private`. */
  readonly line: Line;
  serverPid(): number;
  /** A page of a browser without cookies, signed in. */
  open(options?: OpenOptions): Promise<Page>;
}

interface OpenOptions extends BrowserContextOptions {
  readonly token?: string;
}

export async function startConsoleStage(): Promise<ConsoleStage> {
  const source = await startRegistry({ kind: 'distribution' });
  const throttle = await startThrottle({ upstream: source.url, bytesPerSecond: sourceBytesPerSecond });
  const [aliyun, own] = [await startRegistry({ kind: 'distribution' }), await startRegistry({ kind: 'distribution' })];
  const line = await startLine({ to: { port: Number(new URL(own.url).port) } });
  const push = async (repository: string, sizes: readonly number[]): Promise<void> =>
    await pushImage(source, { image: await makeImage({ name: repository, layers: sizes }), repository, tag: '1' });
  await push('team/app', layers);
  await push('team/small', [1_000]);
  const stage = makeFerryStage({
    configuration: { hosts: { [throttle.host]: { scheme: 'http' } } },
    environment: {
      ALIYUN_REGISTRY: aliyun.url,
      ALIYUN_NAME_SPACE: 'team',
      MY_REGISTRY: `http://${line.host}`,
      FERRY_API_TOKEN: operatorToken,
      FERRY_VIEW_TOKEN: readerToken,
      // The page connects again to the same address.
      FERRY_LISTEN: `127.0.0.1:${await freePort()}`,
    },
  });
  const up = await stage.up();
  const browser = await startBrowser();
  const url = `http://${up.httpServer() ?? ''}`;
  return {
    ...stage,
    url,
    image: `${throttle.host}/team/app:1`,
    small: `${throttle.host}/team/small:1`,
    missing: `${throttle.host}/team/missing:1`,
    line,
    serverPid: () => up.pids().server ?? 0,
    async open({ token = operatorToken, ...options } = {}) {
      const context = await browser.newContext({ baseURL: url, locale: 'en-GB', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      await page.goto('/');
      await page.locator('input[type=password]').fill(token);
      await page.locator('button[type=submit]').click();
      await page.locator('h1').waitFor();
      return page;
    },
    async clear() {
      await browser.close();
      await stage.clear();
      await Promise.all([line.close(), throttle.stop(), source.stop(), aliyun.stop(), own.stop()]);
    },
  };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on the page as it is, of the levels that matter: rule and element. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // By the debugger's protocol: the page's own policy allows no other script.
  await page.evaluate(axe);
  const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')} ${failureSummary ?? ''}`),
    );
}
