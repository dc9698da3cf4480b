import { describe, expect, test } from 'vitest';

import { openDatabase } from '../../src/database/ferry-database.js';
import { PullBudgetStore } from '../../src/database/pull-budget-store.js';
import { eachWithStores } from './store-fixture.js';
import type { PlaceOf } from './store-fixture.js';

const hub = { host: 'docker.io', rateLimitSource: '203.0.113.7' };
const allowance = { pulls: 20, windowMs: 6 * 3_600_000 };
const longAgo = 7 * 3_600_000;

export function pullBudgetSuite(placeOf: PlaceOf): void {
  describe('pull budgets', () => {
    const use = eachWithStores(placeOf);
    const spend = async (count: number): Promise<void> => {
      for (let pull = 0; pull < count; pull += 1) await use().stores.budgets.acquire(hub, allowance);
    };
    const free = async (): Promise<number | undefined> => (await use().stores.budgets.budgets())[0]?.free;
    /** As if so much time had passed. */
    const pass = async (milliseconds: number): Promise<void> => {
      await use().sql(`update source_pulls set slice_at = slice_at - ${milliseconds};
        update source_budgets set acquired_at = acquired_at - ${milliseconds}`);
    };

    test('simultaneous pulls over several connections never exceed the allowance', async () => {
      const { settings } = use();
      const others = await Promise.all(Array.from({ length: 4 }, async () => await openDatabase(settings)));
      try {
        const stores = others.map((database) => new PullBudgetStore(database));
        const asked = stores.flatMap((store) =>
          Array.from({ length: 10 }, async () => await store.acquire(hub, allowance)),
        );
        const answers = await Promise.all(asked);

        expect(answers.filter((answer) => answer === undefined)).toHaveLength(20);
      } finally {
        for (const database of others) await database.close();
      }
    });

    test('a used-up allowance announces the retry time, and then allows as many pulls again', async () => {
      await spend(20);

      const refused = await use().stores.budgets.acquire(hub, allowance);
      await pass(longAgo);
      const granted = await use().stores.budgets.acquire(hub, allowance);

      expect(refused?.freeInMs).toBeGreaterThan(5.9 * 3_600_000);
      expect(refused?.freeInMs).toBeLessThan(6.2 * 3_600_000);
      expect(granted).toBeUndefined();
      expect(await free()).toBe(19);
    });

    test('each rate limit source and each host has its own allowance', async () => {
      await spend(20);
      const { budgets } = use().stores;

      expect(await budgets.acquire({ ...hub, rateLimitSource: 'another account' }, allowance)).toBeUndefined();
      expect(await budgets.acquire({ ...hub, host: 'quay.io' }, allowance)).toBeUndefined();
      expect(await budgets.acquire(hub, allowance)).toBeDefined();
    });

    test('pulls of other clients that the source announces are counted', async () => {
      await spend(5);

      await use().stores.budgets.observe(hub, allowance, { remaining: 4, ageMs: 10 });

      expect(await free()).toBe(4);
    });

    test('pulls in flight, which the source has not counted yet, stay counted', async () => {
      await spend(5);

      await use().stores.budgets.observe(hub, allowance, { remaining: 18, ageMs: 10 });

      expect(await free()).toBe(15);
    });

    test("pulls that a killed process counted but never made are freed by the source's announcement", async () => {
      await spend(20);
      await pass(5 * 60_000);

      await use().stores.budgets.observe(hub, allowance, { remaining: 12, ageMs: 10 });

      expect(await free()).toBe(12);
    });

    test('an announcement of the source does not raise the configured share', async () => {
      await spend(20);
      await pass(5 * 60_000);

      await use().stores.budgets.observe(hub, allowance, { remaining: 180, ageMs: 10, share: true });

      expect(await free()).toBe(0);
    });

    test('pulls that were counted while the clock was ahead expire after one window', async () => {
      await spend(20);
      await pass(-365 * 86_400_000);
      const { budgets } = use().stores;

      const refused = await budgets.acquire(hub, allowance);
      const booked = await use().rows('select * from source_pulls');
      await pass(longAgo);
      const granted = await budgets.acquire(hub, allowance);

      expect(refused?.freeInMs).toBeLessThan(6.2 * 3_600_000);
      expect(booked.map(({ pulls }) => Number(pulls))).toEqual([20]);
      expect(granted).toBeUndefined();
    });

    test('an announcement of the source corrects pulls that were counted while the clock was ahead', async () => {
      await spend(20);
      await pass(-365 * 86_400_000);

      await use().stores.budgets.observe(hub, allowance, { remaining: 12, ageMs: 10 });

      expect(await free()).toBe(12);
    });

    test('the allowance of an unused address is pruned with the history', async () => {
      const { budgets, runs } = use().stores;
      await spend(1);
      await budgets.observe(hub, allowance, { remaining: 19, ageMs: 10 });
      await pass(91 * 86_400_000);
      await use().sql(`update source_budgets set observed_at = observed_at - ${91 * 86_400_000}`);
      await budgets.observe({ ...hub, rateLimitSource: 'in use' }, allowance, { remaining: 20, ageMs: 10 });

      const { allowances } = await runs.pruneHistory(90);

      expect(allowances).toBe(2);
      expect((await budgets.budgets()).map(({ rateLimitSource }) => rateLimitSource)).toEqual(['in use']);
    });

    test('a configured allowance that no source announced is pruned, too, but kept while it is used', async () => {
      const { budgets, runs } = use().stores;
      await budgets.acquire({ host: 'gone.example.com', rateLimitSource: '' }, allowance);
      await pass(91 * 86_400_000);
      await budgets.acquire({ host: 'quay.io', rateLimitSource: '' }, allowance);
      await budgets.observe(hub, allowance, { remaining: 19, ageMs: 10 });
      await use().sql('update source_budgets set observed_at = 1 where observed_at is not null');
      await spend(1);

      await runs.pruneHistory(90);

      expect((await budgets.budgets()).map(({ host }) => host)).toEqual(['docker.io', 'quay.io']);
    });

    test('reading budgets changes nothing', async () => {
      await spend(2);
      const before = await use().rows('select * from source_pulls');
      await pass(longAgo);

      expect(await free()).toBe(20);
      expect(await use().rows('select * from source_pulls')).toHaveLength(before.length);
    });
  });
}
