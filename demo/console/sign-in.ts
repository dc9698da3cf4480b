import type { Page } from 'playwright-core';

/** Signs in on the sign-in page, and waits for the page behind it. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.locator('input[type=password]').fill(token);
  await page.locator('button[type=submit]').click();
  // The sign-in page has a heading, too.
  await page.getByRole('navigation').first().waitFor();
}
