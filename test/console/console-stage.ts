import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import type { BrowserContextOptions, Page } from 'playwright-core';

import { startBrowser } from '../../demo/console/browser.js';
import { pushImage, readManifest } from '../../demo/image-exchange.js';
import { makeImage } from '../../demo/make-images.js';
import { startPlatform } from '../../demo/notification-platforms/platform-server.js';
import { registryRequest } from '../../demo/registry-request.js';
import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { startThrottle } from '../../demo/throttle.js';
import { makeFerryStage } from '../support/ferry-stage.js';
import type { FerryStage } from '../support/ferry-stage.js';
import { freePort } from '../support/free-port.js';

/** A stopped target takes some megabytes of each layer into its kernel's buffers: most bytes are in one layer. */
const layers = [48_000_000, 1_000_000, 500_000];
const sourceBytesPerSecond = 8_000_000;

/** `ferry up` with a slow source, two targets, two channels for notifications, no token, and a browser. */
export interface ConsoleStage extends FerryStage {
  readonly url: string;
  /** `host/team/NAME:1` at the source; what starts with `app` has three layers and takes seconds, what starts with `missing` is not there. */
  imageOf(name: 'app-a' | 'app-b' | 'app-c' | 'small' | 'missing-a' | 'missing-b' | 'missing-c'): string;
  /** The target `private`. */
  readonly target: RegistryServer;
  /** Puts other content at the tag of the image `small` at the source. */
  moveTag(): Promise<void>;
  /** How many messages the channel `team`, which takes none, was sent. */
  refusedMessages(): number;
  /** Digest that the tag of `small` has on the target `private`. */
  tagOnTarget(): Promise<string | undefined>;
  /** Deletes it there, behind the ferry's back. */
  deleteTagOnTarget(): Promise<void>;
  temporalAddress(): string;
  serverPid(): number;
  /** The link that `ferry up` printed. */
  signInLink(): string;
  /** A page of a browser with its own storage, which has not signed in. */
  openPage(options?: BrowserContextOptions): Promise<Page>;
}

export async function startConsoleStage(): Promise<ConsoleStage> {
  const [source, aliyun, own] = await Promise.all([
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'distribution' }),
    startRegistry({ kind: 'distribution' }),
  ]);
  const throttle = await startThrottle({ upstream: source.url, bytesPerSecond: sourceBytesPerSecond });
  const push = async (name: string, sizes: readonly number[]): Promise<void> => {
    const repository = `team/${name}`;
    await pushImage(source, { image: await makeImage({ name: repository, layers: sizes }), repository, tag: '1' });
  };
  await Promise.all([push('app-a', layers), push('app-b', layers), push('app-c', layers), push('small', [1_000])]);
  const receiver = await startPlatform('/ops', ({ url }) => {
    const isAccepted = url.pathname === '/ops';
    return { status: isAccepted ? 200 : 403, body: '', isAccepted };
  });
  const stage = makeFerryStage({
    configuration: {
      hosts: { [throttle.host]: { scheme: 'http' } },
      notifications: {
        groupFor: '1s',
        channels: {
          ops: { kind: 'webhook', urlVariable: 'OPS_URL' },
          team: { kind: 'slack', urlVariable: 'TEAM_URL' },
        },
      },
    },
    environment: {
      ALIYUN_REGISTRY: aliyun.url,
      ALIYUN_NAME_SPACE: 'team',
      MY_REGISTRY: own.url,
      OPS_URL: receiver.url,
      TEAM_URL: new URL('/team', receiver.url).href,
      // The page connects again to the same address.
      FERRY_LISTEN: `127.0.0.1:${await freePort()}`,
    },
  });
  const [up, browser] = await Promise.all([stage.up(), startBrowser()]);
  const url = `http://${up.httpServer() ?? ''}`;
  return {
    ...stage,
    url,
    imageOf: (name) => `${throttle.host}/team/${name}:1`,
    target: own,
    async moveTag() {
      const image = await makeImage({ name: 'team/small-again', layers: [2_000] });
      await pushImage(source, { image, repository: 'team/small', tag: '1' });
    },
    refusedMessages: () => receiver.received.length - receiver.accepted.length,
    tagOnTarget: async () => (await readManifest(own, 'team/small', '1'))?.digest,
    async deleteTagOnTarget() {
      await registryRequest(own, { method: 'DELETE', path: '/v2/team/small/manifests/1', expected: [202] });
    },
    temporalAddress: () => up.temporalAddress() ?? '',
    serverPid: () => up.pids().server ?? 0,
    signInLink() {
      const [, link = ''] = /Console: (\S+)/.exec(readFileSync(join(stage.folder, 'up.log'), 'utf8')) ?? [];
      return link;
    },
    async openPage(options) {
      const context = await browser.newContext({ baseURL: url, locale: 'en', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(60_000);
      return page;
    },
    async clear() {
      await browser.close();
      await stage.clear();
      await throttle.stop();
      await receiver.stop();
      await Promise.all([source.stop(), aliyun.stop(), own.stop()]);
    },
  };
}
