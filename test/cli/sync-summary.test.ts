import { afterEach, expect, test, vi } from 'vitest';

import { printSyncSummary } from '../../src/cli/sync-summary.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';
import { writtenTo } from '../support/written-to.js';

const result: SyncAllResult = { runs: 1, images: 2, pushed: 2, waiting: 0, retrying: 0, blocked: 0, notDone: [] };
const tag = { image: 'quay.io/org/app:latest', target: 'private', digest: `sha256:${'b'.repeat(64)}` };
const before = `sha256:${'a'.repeat(64)}`;

afterEach(() => {
  vi.restoreAllMocks();
});

function printed(summary: SyncAllResult): readonly string[] {
  const lines = writtenTo('stdout');
  printSyncSummary(summary);
  return lines.join('').trimEnd().split('\n');
}

test('the summary of a run that replaced no tag has no table of replaced tags', () => {
  expect(printed(result)).toEqual(['2 images in 1 run: 2 pushed, 0 waiting, 0 retrying, 0 blocked']);
});

test('the summary lists the previous digest of a replaced tag and its backup', () => {
  const kept = { ...tag, reference: 'r.example.com/org/app:latest', before, backup: 'r.example.com/org/app:kept' };
  const lost = { ...tag, reference: 's.example.com/org/app:latest', before };

  const lines = printed({ ...result, replaced: { count: 2, first: [kept, lost] } });

  expect(lines.slice(2)).toEqual([
    `REPLACED                      BEFORE${' '.repeat(67)}BACKUP`,
    `r.example.com/org/app:latest  ${before}  r.example.com/org/app:kept`,
    `s.example.com/org/app:latest  ${before}  (none)`,
  ]);
});

test('the summary says when a list is cut and which command shows the rest', () => {
  const one = { ...tag, reference: 'r.example.com/org/app:latest', before };

  const lines = printed({ ...result, replaced: { count: 250, first: [one] } });

  expect(lines.at(-1)).toBe('1 of 250 are shown; "ferry status IMAGE" shows what an image replaced.');
});

test('the summary lists a tag that its target does not allow to be read back, with the reason', () => {
  const unread = {
    image: 'docker.io/org/app:v1',
    target: 'harbor',
    reference: 'h.example.com/org/app:v1',
    reason: '412',
  };

  const lines = printed({ ...result, unread: { count: 1, first: [unread] } });

  expect(lines.slice(2)).toEqual(['NOT READ BACK             REASON', 'h.example.com/org/app:v1  412']);
});
