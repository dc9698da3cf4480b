import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe finds on the page as it is, of the levels that matter, in the light and in the dark theme; and whether the page is
 * wider than its window.
 */
export async function seriousFindings(page: Page, where: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    // The theme follows the system.
    await page.emulateMedia({ colorScheme });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    // By the debugger's protocol: the page's own policy allows no other script.
    if (!(await page.evaluate<boolean>('"axe" in globalThis'))) await page.evaluate(axe);
    const { violations } = await page.evaluate<Pick<AxeResults, 'violations'>>(
      'axe.run({ resultTypes: ["violations"] })',
    );
    for (const { id, impact, nodes } of violations) {
      if (impact !== 'serious' && impact !== 'critical') continue;
      found.push(
        ...nodes.map(
          ({ target, failureSummary = '' }) => `${where}, ${colorScheme}: ${id}: ${target.join(' ')} ${failureSummary}`,
        ),
      );
    }
  }
  const [wide, window] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
  return wide > window ? [...found, `${where} is ${wide} pixels wide in a window of ${window}`] : found;
}
