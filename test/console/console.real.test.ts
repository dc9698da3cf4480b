import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { consolePages } from '../../demo/console/pages.js';
import { readerToken, seriousFindings, startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

let stage: ConsoleStage;
let page: Page;

beforeAll(async () => {
  stage = await startConsoleStage();
  page = await stage.open();
});

afterAll(async () => {
  await stage.clear();
});

test('pasted images are understood line by line, added, and their copy is shown layer by layer', async () => {
  await page.getByRole('link', { name: 'Add images' }).first().click();
  await page
    .getByRole('textbox', { name: 'What to add' })
    .fill(`docker pull ${stage.image}\nNot An Image\nimage: ${stage.missing}\n`);
  await page.getByText('2 images, 1 refused').waitFor();
  expect(await page.locator('.lines li[data-refused]').innerText()).toContain('Not An Image');

  await page.getByRole('button', { name: 'Add 2 images' }).click();
  await page.getByText('added', { exact: true }).first().waitFor();
  await page.getByRole('link', { name: 'Watch the sync run' }).click();

  const transfer = page.locator('.transfer', { hasText: 'team/app:1' });
  await transfer.locator('.layer').first().waitFor();
  expect(await transfer.innerText()).toMatch(/\/s/);
  expect(await transfer.innerText()).toMatch(/aliyun[\s\S]*private/);
});

test('a target whose line goes dead is shown as stalled within 12 seconds, with what it waits for, and finishes later', async () => {
  await stage.line.stall();
  const began = performance.now();

  const line = page.locator('.target-line[data-stalled]', { hasText: 'private' });
  await line.waitFor({ timeout: 18_000 });

  expect(performance.now() - began).toBeLessThan(12_000);
  await line.getByText(/^Stalled: no byte for \d+ sec; 127\.0\.0\.1:\d+ \w+/).waitFor();
  await stage.line.resume();
  await page.goto(`/image?reference=${encodeURIComponent(stage.image)}`);
  await page.locator('.part', { hasText: 'private' }).getByText('pushed', { exact: true }).waitFor();
});

test('everything that is blocked for one cause is retried after a look at what that does', async () => {
  await page.goto('/');
  const cause = page.locator('.cause', { hasText: 'repository-missing' });
  await cause.getByText('Check the name.').waitFor();
  await cause.getByRole('button', { name: 'Retry it' }).click();

  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Retry 1 image' }).click();
  await dialog.getByText('1 image is pending again').waitFor();

  expect(await dialog.getByText('A sync run was requested.').count()).toBe(1);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
});

test('filters, sort and selection are in the address: another browser shows the same', async () => {
  await page.goto('/images');
  await page.getByLabel('Search', { exact: true }).fill('team/app');
  await page.getByText('1 image', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Image', exact: true }).click();
  await page.getByRole('checkbox', { name: `Select ${stage.image}` }).check();
  await page.getByText('1 image selected').waitFor();

  const other = await stage.open();
  await other.goto(page.url());

  await other.getByText('1 image selected').waitFor();
  await expect.poll(async () => await other.getByRole('row').count()).toBe(2);
  expect(await other.getByRole('columnheader', { name: 'Image', exact: true }).getAttribute('aria-sort')).toBe(
    'ascending',
  );
  await other.context().close();
});

test('after the server was killed the page connects again, and shows each event that the database has', async () => {
  await page.goto('/');
  await page.locator('[data-connection=live]').waitFor();

  process.kill(stage.serverPid(), 'SIGKILL');
  await page.locator('[data-connection=lost]').waitFor();
  await stage.ferry('add', stage.small);
  await page.locator('[data-connection=live]').waitFor();
  await page.locator('[data-event]', { hasText: 'team/small:1 → private' }).waitFor();
  await page.locator('[data-event]', { hasText: 'team/small:1 → aliyun' }).waitFor();

  const { events } = await stage.ask<{ readonly events: readonly { readonly id: number }[] }>('status', stage.small);
  const shown = page.locator('[data-event]', { hasText: 'team/small:1' });
  await expect
    .poll(async () => {
      const rows = await shown.all();
      const ids = await Promise.all(rows.map(async (row) => Number(await row.getAttribute('data-event'))));
      return ids.sort((a, b) => a - b);
    })
    .toEqual(events.map(({ id }) => id));
});

test('a reader sees everything and no button that changes something', async () => {
  const reader = await stage.open({ token: readerToken });
  for (const path of Object.values(await pathsOf())) {
    await reader.goto(path);
    await reader.locator('h1, .empty').first().waitFor();
    expect(
      await reader.getByRole('button', { name: /^(Retry|Force|Remove|Sync now|Check now|Pause|Act on)/ }).count(),
    ).toBe(0);
  }
  expect(await reader.getByRole('link', { name: 'Add images' }).count()).toBe(0);
  await reader.context().close();
});

test('by keyboard alone a person skips to the content, opens a page and chooses a language', async () => {
  await page.goto('/');
  await page.locator('h1').waitFor();
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
  await page.getByRole('link', { name: 'Sync runs' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sync runs' }).waitFor();
  await page.getByRole('button', { name: 'Language' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: '简体中文' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');

  await page.getByRole('heading', { name: '同步任务' }).waitFor();
  expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN');
});

test.each([
  { locale: 'en', colorScheme: 'light', width: 1280 },
  { locale: 'zh-CN', colorScheme: 'dark', width: 360 },
] as const)(
  'no page has a serious finding of axe or is wider than the window: $locale, $colorScheme, $width pixels',
  async ({ locale, colorScheme, width }) => {
    const view = await stage.open({ locale, colorScheme, viewport: { width, height: 800 } });
    const problems: string[] = [];
    const errors: string[] = [];
    view.on('pageerror', ({ message }) => errors.push(message));
    for (const [name, path] of Object.entries(await pathsOf())) {
      await view.goto(path);
      await view.locator('h1').waitFor();
      await view.locator('.mantine-Loader-root').first().waitFor({ state: 'detached' });
      problems.push(...(await seriousFindings(view)).map((finding) => `${name}: ${finding}`));
      const wide = await view.evaluate<number>('document.documentElement.scrollWidth');
      if (wide > width) problems.push(`${name} is ${wide} pixels wide`);
    }

    expect(problems).toEqual([]);
    expect(errors).toEqual([]);
    await view.context().close();
  },
);

async function pathsOf(): Promise<Readonly<Record<string, string>>> {
  const answer = await page.request.get('/api/v1/runs');
  const { items } = (await answer.json()) as { readonly items: readonly { readonly run: string }[] };
  const requests = (await (await page.request.get('/api/v1/requests')).json()) as {
    readonly items: readonly { readonly id: number }[];
  };
  const request = String(requests.items.at(-1)?.id ?? '');
  return consolePages({ image: stage.image, run: items.at(-1)?.run ?? '', request });
}
