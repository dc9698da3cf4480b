// Pictures of every page of the console, and of its dialogs, in both languages and themes, from the demo's data:
//
//   node dist/demo/console/screenshots.js FOLDER [--png] [--url=http://127.0.0.1:PORT]
//
// `--url` names a console that runs already, such as the one of `npm run demo -- --keep`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import type { Browser, Page } from 'playwright-core';

import { apiToken } from '../stage.js';
import { startBrowser } from './browser.js';
import { fillStage } from './filled-stage.js';
import { consolePages } from './pages.js';
import { signIn } from './sign-in.js';

const widths = { wide: 1280, narrow: 360 } as const;
const languages = ['en', 'zh-CN'] as const;
const themes = ['light', 'dark'] as const;
const webpQuality = 80;
/** Pixels of a picture. */
const mostHeight = 3_000;
/** Until a page has its parts in place again. */
const resizedMs = 200;

/** On a busy machine a page may need most of this. */
const waitMs = 120_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { png: { type: 'boolean', default: false }, url: { type: 'string' } },
});
const [folder = 'screenshots'] = positionals;
mkdirSync(folder, { recursive: true });

/** What a page shows only after a person did something. */
const views: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  'dialog-retry': async (page) => {
    await open(page, '/images?state=blocked');
    await page.locator('.bulk button[aria-haspopup=menu]').click();
    await page.getByRole('menuitem').first().click();
    await page.getByRole('dialog').locator('.facts').first().waitFor();
  },
  'image-blocked': async (page) => await openFound(page, 'langgenius/dify-web'),
  'image-held': async (page) => await openFound(page, 'beta/tool'),
  'dialog-rollback': async (page) => {
    await openFound(page, 'data/big');
    await page.locator('.part button.mantine-Button-root').first().click();
    await page.getByRole('dialog').waitFor();
  },
  'add-understood': async (page) => {
    await open(page, '/add');
    await page
      .locator('textarea:not([aria-hidden])')
      .fill('docker pull nginx:1.27\nNot An Image\nimage: registry.intranet/team/app:2\nghcr.io/org/tool:v1.2\n');
    await page.locator('.lines li').first().waitFor();
  },
  menu: async (page) => {
    await open(page, '/runs');
    const burger = page.locator('.mantine-Burger-root');
    if (await burger.isVisible()) await burger.click();
    else await page.locator('header button[aria-haspopup=menu]').last().click();
    // Menus come with a transition.
    await page.waitForTimeout(400);
  },
  'nothing-matches': async (page) => await open(page, '/images?search=no-such-image'),
};

const filled = values.url === undefined ? await fillStage((text) => console.log(text)) : undefined;
const browser = await startBrowser();
try {
  await takeAll(browser, filled?.url ?? values.url ?? '');
} finally {
  await browser.close();
  await filled?.stop();
}

async function takeAll(chromium: Browser, url: string): Promise<void> {
  for (const [size, width] of Object.entries(widths)) {
    for (const language of languages) {
      for (const theme of themes) {
        const context = await chromium.newContext({
          baseURL: url,
          locale: language,
          colorScheme: theme,
          viewport: { width, height: 800 },
        });
        context.setDefaultTimeout(waitMs);
        const page = await context.newPage();
        await page.goto('/');
        await page.locator('input[type=password]').waitFor();
        await take(page, `sign-in.${size}.${language}.${theme}`);
        await signIn(page, apiToken);
        for (const [name, path] of Object.entries(await pathsOf(page))) {
          await open(page, path);
          await take(page, `${name}.${size}.${language}.${theme}`);
        }
        for (const [name, show] of Object.entries(views)) {
          await show(page);
          await page.waitForLoadState('networkidle');
          await page.locator('.mantine-Loader-root').first().waitFor({ state: 'detached' });
          await take(page, `${name}.${size}.${language}.${theme}`);
        }
        await context.close();
      }
    }
  }
}

async function openFound(page: Page, part: string): Promise<void> {
  const answer = await page.request.get(`/api/v1/images?search=${encodeURIComponent(part)}`);
  const { items } = (await answer.json()) as { readonly items: readonly { readonly image: string }[] };
  await open(page, `/image?reference=${encodeURIComponent(items[0]?.image ?? '')}`);
}

/** A page with its data. One that does not come is loaded once more: the machine may be busy. */
async function open(page: Page, path: string): Promise<void> {
  for (const isLast of [false, true]) {
    try {
      await page.goto(path);
      await page.getByRole('heading', { level: 1 }).waitFor({ timeout: waitMs / 2 });
      await page.waitForLoadState('networkidle');
      await page.locator('.mantine-Loader-root').first().waitFor({ state: 'detached' });
      return;
    } catch (error) {
      if (isLast)
        throw new Error(`${path} did not appear: ${await page.locator('body').innerText()}`, { cause: error });
      console.log(`${path} is loaded once more: it did not appear in time`);
    }
  }
}

async function pathsOf(page: Page): Promise<Readonly<Record<string, string>>> {
  const ask = async (path: string): Promise<{ readonly items: readonly Record<string, string>[] }> =>
    (await (await page.request.get(path)).json()) as { readonly items: readonly Record<string, string>[] };
  const { items: images } = await ask('/api/v1/images?search=data%2Fbig');
  const { items: runs } = await ask('/api/v1/runs');
  const { items: requests } = await ask('/api/v1/requests');
  const delivery = requests.find(({ kind }) => kind === 'webhook' || kind === 'dispatch') ?? requests[0];
  return consolePages({
    image: images[0]?.['image'] ?? '',
    run: runs.at(-1)?.['run'] ?? '',
    request: String(delivery?.['id'] ?? ''),
  });
}

/** The whole page. A capture beyond the window shrinks the window for a moment, and lists with it. */
async function take(page: Page, name: string): Promise<void> {
  const window = page.viewportSize();
  const session = await page.context().newCDPSession(page);
  const { contentSize } = (await session.send('Page.getLayoutMetrics')) as {
    readonly contentSize: { readonly width: number; readonly height: number };
  };
  const width = window?.width ?? contentSize.width;
  await page.setViewportSize({ width, height: Math.min(Math.ceil(contentSize.height), mostHeight) });
  await page.waitForTimeout(resizedMs);
  const { data } = await session.send(
    'Page.captureScreenshot',
    values.png ? { format: 'png' } : { format: 'webp', quality: webpQuality },
  );
  if (window !== null) await page.setViewportSize(window);
  writeFileSync(join(folder, `${name}.${values.png ? 'png' : 'webp'}`), Buffer.from(data, 'base64'));
  await session.detach();
}
