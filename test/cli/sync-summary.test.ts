import { afterEach, expect, test, vi } from 'vitest';

import { printSyncSummary } from '../../src/cli/sync-summary.js';
import type { SyncAllResult } from '../../src/contract/sync-messages.js';

const result: SyncAllResult = { runs: 1, images: 2, pushed: 2, waiting: 0, retrying: 0, blocked: 0, notDone: [] };
const tag = { image: 'quay.io/org/app:latest', target: 'private', digest: `sha256:${'b'.repeat(64)}` };
const before = `sha256:${'a'.repeat(64)}`;

afterEach(() => {
  vi.restoreAllMocks();
});

function printed(summary: SyncAllResult): readonly string[] {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  printSyncSummary(summary);
  return lines.join('').trimEnd().split('\n');
}

test('a run that replaced nothing says nothing of it', () => {
  expect(printed(result)).toEqual(['2 images in 1 pass: 2 pushed, 0 waiting, 0 retrying, 0 blocked']);
});

test('what a tag on a target led to before is told, and where it is kept', () => {
  const kept = { ...tag, reference: 'r.example.com/org/app:latest', before, backup: 'r.example.com/org/app:kept' };
  const lost = { ...tag, reference: 's.example.com/org/app:latest', before };

  const lines = printed({ ...result, replaced: { count: 2, first: [kept, lost] } });

  expect(lines.slice(2)).toEqual([
    `REPLACED                      LED TO${' '.repeat(67)}KEPT AS`,
    `r.example.com/org/app:latest  ${before}  r.example.com/org/app:kept`,
    `s.example.com/org/app:latest  ${before}  (not kept)`,
  ]);
});

test('a list that is cut says so, and where the rest is', () => {
  const one = { ...tag, reference: 'r.example.com/org/app:latest', before };

  const lines = printed({ ...result, replaced: { count: 250, first: [one] } });

  expect(lines.at(-1)).toBe('This list is cut at 1 of 250: "ferry status IMAGE" tells what each image replaced.');
});

test('a tag that its target does not let be read back is listed with the reason', () => {
  const unread = {
    image: 'docker.io/org/app:v1',
    target: 'harbor',
    reference: 'h.example.com/org/app:v1',
    reason: '412',
  };

  const lines = printed({ ...result, unread: { count: 1, first: [unread] } });

  expect(lines.slice(2)).toEqual([
    'VERIFIED BY THE ANSWER TO PUT ALONE  WHY',
    'h.example.com/org/app:v1             412',
  ]);
});
