import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

import { requireTool } from '../tools.js';

/** Debian's Chromium, which sends nothing of its own to other hosts. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: requireTool('chromium'),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
