// What a first visit costs on a slow line, from the demo's data: bytes, and the time to the first row of images.
//
//   node dist/demo/console/load-figures.js
import { apiToken } from '../stage.js';
import { startBrowser } from './browser.js';
import { fillStage } from './filled-stage.js';
import { signIn } from './sign-in.js';

/** 1.6 Mbit/s, and 150 ms there and back. */
const line = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 200_000 };

const filled = await fillStage(() => undefined);
const browser = await startBrowser();
try {
  const context = await browser.newContext({ baseURL: filled.url, locale: 'en' });
  const page = await context.newPage();
  await page.goto('/');
  await signIn(page, apiToken);
  for (const path of ['/', '/images']) {
    const visit = await context.newPage();
    const session = await context.newCDPSession(visit);
    await session.send('Network.enable');
    await session.send('Network.setCacheDisabled', { cacheDisabled: true });
    await session.send('Network.emulateNetworkConditions', line);
    let bytes = 0;
    session.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    const began = performance.now();
    await visit.goto(path, { waitUntil: 'commit' });
    await visit
      .locator(path === '/' ? '.count' : '.image-name')
      .first()
      .waitFor();
    const ms = Math.round(performance.now() - began);
    console.log(`${path}: ${Math.round(bytes / 1_000)} KB, shown after ${ms} ms at 1.6 Mbit/s and 150 ms`);
    await visit.close();
  }
} finally {
  await browser.close();
  await filled.stop();
}
process.exit();
