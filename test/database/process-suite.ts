import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startChild, stopChild } from '../../demo/child-process.js';
import type { DatabaseSettings } from '../../src/domain/database-settings.js';
import type { WantedResult } from '../../src/domain/wanted-image.js';
import { compileSources } from '../support/compiled-sources.js';
import type { CompiledSources } from '../support/compiled-sources.js';
import { legacyRows, legacySchema } from './legacy-rows.js';
import { eachWithStores, pushed, sourceDigest, targets, imageRequest } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const processes = 3;
const mostAtOnce = 4;
const writer = fileURLToPath(new URL('database-writer.mjs', import.meta.url));

export function processSuite(placeOf: PlaceOf): void {
  describe('several processes at once', { timeout: 60_000 }, () => {
    const use = eachWithStores(placeOf);
    let compiled: CompiledSources;

    let writers: readonly Writer[];

    beforeAll(() => {
      compiled = compileSources(['database', 'domain']);
      writers = Array.from({ length: mostAtOnce }, () => startWriter(compiled.folder));
    }, 60_000);

    afterAll(async () => {
      await Promise.all(writers.map(async ({ child }) => await stopChild(child)));
      compiled.remove();
    });

    /** Gives each argument to a process of its own, lets all go at the same moment, and gives their results. */
    async function atOnce<T>(settings: DatabaseSettings, task: string, args: readonly unknown[]): Promise<T[]> {
      const chosen = writers.slice(0, args.length);
      await Promise.all(
        chosen.map(async (writer, position) => await writer.ask({ settings, task, argument: args[position] })),
      );
      return (await Promise.all(chosen.map(async (writer) => await writer.ask('go')))) as T[];
    }

    const names = (count: number, prefix: string): string[] =>
      Array.from({ length: count }, (_, number) => `${prefix}${number}`);
    const repeated = <T>(value: T): T[] => Array.from({ length: processes }, () => value);

    test('several processes migrate an empty database once', async () => {
      const settings = placeOf().fresh();

      const applied = await atOnce<string[]>(settings, 'migrate', repeated(null));

      expect(applied.flat().sort()).toEqual([
        '0001-legacy-tables',
        '0002-ferry-columns',
        '0003-copies',
        '0004-history',
        '0005-pull-budgets',
        '0006-upstreams',
        '0007-pushed-images',
        '0008-uploads',
        '0009-audits',
        '0010-notifications',
        '0011-upstream-releases',
        '0012-console',
      ]);
    });

    test('several processes that add the same images, together or one by one, create one row each', async () => {
      const { settings, rows } = use();
      const images = names(40, 'nginx:1.');

      const together = await atOnce<WantedResult[]>(settings, 'add', repeated(images));
      const singly = await atOnce<WantedResult[]>(settings, 'addOneByOne', repeated(names(40, 'redis:7.')));

      for (const results of [together, singly]) {
        expect(results.flat().filter(({ outcome }) => outcome === 'added')).toHaveLength(40);
        expect(results.flat()).toHaveLength(40 * processes);
      }
      expect(await rows('select id from images_for_push')).toHaveLength(80);
    });

    test('several processes read rows of an older script once', async () => {
      const settings = placeOf().fresh();
      const legacy = legacyRows(300);
      await placeOf().run(settings, `${legacySchema(placeOf().kind)}\n${legacy.script}`);
      await atOnce(settings, 'migrate', [null]);

      const results = await atOnce<Record<string, number>>(settings, 'adopt', repeated(null));

      const sum = (name: string): number => results.reduce((total, result) => total + (result[name] ?? 0), 0);
      expect([sum('adopted'), sum('duplicates'), sum('refused')]).toEqual([
        legacy.wanted - legacy.duplicates,
        legacy.duplicates,
        0,
      ]);
    });

    test('several processes never exceed a shared pull allowance', async () => {
      const { settings } = use();
      const allowance = { pulls: 50, windowMs: 21_600_000 };
      const task = { account: { host: 'docker.io', rateLimitSource: '' }, allowance, count: 40 };

      const booked = await atOnce<number>(settings, 'pull', repeated(task));

      expect(booked.reduce((sum, count) => sum + count, 0)).toBe(50);
    });

    test('several processes that claim a name get the same owner', async () => {
      const { settings } = use();
      const claimed = names(30, 'aliyun.example.com/mirror/app');
      const claims = names(processes, 'ghcr.io/owner').map((owner) => ({ owner, names: claimed }));

      const owners = await atOnce<string[]>(settings, 'claim', claims);

      for (const learnt of owners) expect(learnt).toEqual(owners[0]);
    });

    test('several processes handle a delivery once', async () => {
      const { settings } = use();
      const ids = names(30, 'delivery-');
      const bringers = names(processes, 'workflow-').map((owner) => ({ owner, ids }));

      const first = await atOnce<string[]>(settings, 'deliver', bringers);

      expect(first.flat().sort()).toEqual([...ids].sort());
    });

    test('several processes record blob locations without losing any', async () => {
      const { settings, rows } = use();
      const digests = names(100, 'sha256:');
      const recorded = names(processes, 'mirror/x').map((repository) => ({ repository, digests }));

      await atOnce(settings, 'blobs', recorded);

      expect(await rows('select digest from blob_locations')).toHaveLength(100 * processes);
    });

    test('several processes write outcomes at the same time without losing any', async () => {
      const { settings, stores, rows } = use();
      const images = names(40, 'docker.io/library/nginx:1.');
      await stores.wanted.addWanted(images.map((image) => imageRequest(image)));
      const outcomeOf = (image: string) => ({
        image,
        sourceDigest,
        targets: targets.map(({ name }) => pushed(name, image.replace(/^.*\//, ''))),
        missingPlatforms: [],
        bytesRead: 1,
      });
      // Two processes for each image: a worker that was believed dead may still be writing.
      const parts = [0, 1, 0, 1].map((part) => ({
        run: 'run-1',
        targets,
        outcomes: images.filter((_, position) => position % 2 === part).map(outcomeOf),
      }));

      await atOnce(settings, 'record', parts);

      expect(await rows('select id from images_for_push where push_status = 1')).toHaveLength(40);
      expect(await rows('select id from pushed_images')).toHaveLength(80);
      expect(await rows('select attempts from image_copies where attempts = 2')).toHaveLength(80);
      expect(await rows('select run from run_outcomes')).toHaveLength(120);
    });
  });
}

interface Writer {
  readonly child: ChildProcess;
  /** Sends a line of JSON and comes back with the one that answers it. */
  ask(line: unknown): Promise<unknown>;
}

function startWriter(folder: string): Writer {
  const child = startChild(process.execPath, [writer, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the process was started without pipes');
  const answers = createInterface({ input: stdout })[Symbol.asyncIterator]();
  return {
    child,
    async ask(line) {
      stdin.write(`${JSON.stringify(line)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error('the process ended without an answer');
      return JSON.parse(value) as unknown;
    },
  };
}
