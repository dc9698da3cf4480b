/**
 * One run of one way to speak HTTP: `node client.js WAY body|heads COUNT AT-ONCE URL...`. Bodies are hashed as the copy
 * does it and checked against the digest that ends their URL. Each way is imported when it is chosen.
 */
import { createHash } from 'node:crypto';

import type { Way } from './ways.js';

const [name = '', kind = '', count = '', atOnce = '', ...addresses] = process.argv.slice(2);
const urls = addresses.map((address) => new URL(address));

const way = await open();
let next = 0;
await Promise.all(Array.from({ length: Number(atOnce) }, work));
await way.close();

async function work(): Promise<void> {
  while (next < Number(count)) {
    const url = urls[next % urls.length];
    next += 1;
    if (url === undefined) throw new Error('no URL was given');
    if (kind === 'heads') await head(url);
    else await read(url);
  }
}

async function head(url: URL): Promise<void> {
  const status = await way.head(url);
  if (status !== 200) throw new Error(`${url.href} answered ${status}`);
}

async function read(url: URL): Promise<void> {
  const hash = createHash('sha256');
  await way.read(url, (bytes) => hash.update(bytes));
  if (!url.href.endsWith(hash.digest('hex'))) throw new Error(`${name} read other bytes of ${url.href}`);
}

async function open(): Promise<Way> {
  if (name === 'undici') return (await import('./undici-way.js')).undiciWay(urls[0]?.origin ?? '', Number(atOnce));
  const { ferryWay, nodeWay } = await import('./own-way.js');
  return name === 'ferry' ? ferryWay() : nodeWay();
}
