import { expect, test } from 'vitest';

import { SourcePulls } from '../../src/planning/source-pulls.js';
import type { PullBudgets } from '../../src/planning/source-pulls.js';

const allowance = { pulls: 100, windowMs: 21_600_000 };
const announced = { ...allowance, remaining: 76, rateLimitSource: '203.0.113.7' };

/** Notes what is booked, and grants everything. */
class NotedBudgets implements PullBudgets {
  readonly calls: unknown[] = [];

  async acquire(...call: Parameters<PullBudgets['acquire']>) {
    this.calls.push(['take', ...call]);
    return undefined;
  }

  async observe(...call: Parameters<PullBudgets['observe']>) {
    this.calls.push(['told', ...call]);
  }
}

test('pulls from a source that never announced an allowance are not counted', async () => {
  const budgets = new NotedBudgets();
  const pulls = new SourcePulls(budgets);

  await pulls.observe('quay.io', undefined, 5);
  await pulls.acquire('quay.io');

  expect(budgets.calls).toEqual([]);
});

test('pulls are counted against the allowance and account that the source announces, and the database gets an announcement again after some seconds', async () => {
  const budgets = new NotedBudgets();
  const pulls = new SourcePulls(budgets);
  const account = { host: 'docker.io', rateLimitSource: '203.0.113.7' };

  await pulls.observe('docker.io', announced, 5);
  await pulls.observe('docker.io', { ...announced, remaining: 75 }, 5);
  await pulls.observe('docker.io', { ...announced, remaining: 0 }, 5);
  await pulls.acquire('docker.io');

  expect(budgets.calls).toEqual([
    ['told', account, allowance, { remaining: 76, ageMs: 5, share: false }],
    ['told', account, allowance, { remaining: 0, ageMs: 5, share: false }],
    ['take', account, allowance],
  ]);
});

test('a configured pull allowance counts all accounts of a source together, and an announced one does not replace it', async () => {
  const budgets = new NotedBudgets();
  const own = { pulls: 40, windowMs: 21_600_000 };
  const pulls = new SourcePulls(budgets, new Map([['docker.io', own]]));

  await pulls.observe('docker.io', announced, 5);
  await pulls.acquire('docker.io');

  expect(budgets.calls).toEqual([
    ['told', { host: 'docker.io', rateLimitSource: '' }, own, { remaining: 76, ageMs: 5, share: true }],
    ['take', { host: 'docker.io', rateLimitSource: '' }, own],
  ]);
});

test('pulls of an account that no longer has a limit are no longer counted', async () => {
  const budgets = new NotedBudgets();
  const pulls = new SourcePulls(budgets);
  await pulls.observe('docker.io', announced, 5);

  await pulls.observe('docker.io', undefined, 5);
  await pulls.acquire('docker.io');

  expect(budgets.calls).toHaveLength(1);
});

test('it is known whether a source counts pulls once it has answered, or if an allowance is configured', async () => {
  const configured = new Map([['docker.io', { pulls: 40, windowMs: 21_600_000 }]]);
  const pulls = new SourcePulls(new NotedBudgets(), configured);
  const before = ['docker.io', 'quay.io', 'ghcr.io'].map((host) => pulls.isKnown(host));

  await pulls.observe('quay.io', undefined, 5);
  await pulls.observe('ghcr.io', announced, 5);

  expect(before).toEqual([true, false, false]);
  expect(['quay.io', 'ghcr.io'].map((host) => pulls.isKnown(host))).toEqual([true, true]);
});
