import { afterEach, expect, test, vi } from 'vitest';

import { planJson, planTables } from '../../src/cli/plan-report.js';
import type { PlanReport } from '../../src/cli/plan-report.js';
import { addToTotals, emptyTotals } from '../../src/domain/plan-types.js';
import type { PlannedImage, PlanSummary } from '../../src/domain/plan-types.js';

afterEach(() => {
  vi.restoreAllMocks();
});

function imageNamed(image: string): PlannedImage {
  return { image, platforms: ['all'], state: 'stopped', missingPlatforms: [], pulls: 0, bytesToRead: 0, targets: [] };
}

const none = { blobs: 0, bytes: 0 };

/** The output for a plan with the given numbers of images and refused rows. */
function printed(
  report: PlanReport,
  counts: { readonly images: number; readonly refused: number },
  planned: (name: string) => PlannedImage = imageNamed,
): string {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  let summary: PlanSummary = { allowances: [], totals: emptyTotals };
  for (let number = 0; number < counts.images; number += 1) {
    const image = planned(`quay.io/org/app:${number}`);
    summary = { ...summary, totals: addToTotals(summary.totals, image) };
    report.image(image);
  }
  for (let row = 0; row < counts.refused; row += 1)
    report.refusedRow({ row, text: row === 0 ? 'quay.io/!!' : '', reason: 'no image' });
  report.end(summary);
  vi.restoreAllMocks();
  return text;
}

test.each([
  { images: 0, refused: 0 },
  { images: 2, refused: 0 },
  { images: 0, refused: 2 },
  { images: 1, refused: 1 },
])('ferry plan --json prints one JSON object for %j', ({ images, refused }) => {
  const plan = JSON.parse(printed(planJson(), { images, refused })) as Record<string, unknown>;

  expect(plan).toMatchObject({ allowances: [], totals: { images: { stopped: images } } });
  expect(plan['images']).toHaveLength(images);
  expect(plan['refusedRows']).toHaveLength(refused);
});

test('ferry plan prints a long plan as several tables with the totals at the end', () => {
  const lines = printed(planTables(), { images: 1_100, refused: 1 }).split('\n');

  expect(lines.filter((line) => line.startsWith('IMAGE '))).toHaveLength(3);
  expect(lines.filter((line) => line.startsWith('quay.io/org/app:'))).toHaveLength(1_100);
  expect(lines.filter((line) => line.startsWith('quay.io/!!'))).toHaveLength(1);
  expect(lines).toContain('1100 images: 1100 stopped; 1 row is not a valid image reference and would be blocked');
});

test('ferry plan says that nothing is pending', () => {
  expect(printed(planTables(), { images: 0, refused: 0 })).toBe('Nothing is pending.\n');
});

test('ferry plan shows the ID of a row without text', () => {
  const lines = printed(planTables(), { images: 0, refused: 2 }).split('\n');

  expect(lines[2]).toMatch(/^row 1 /);
  expect(lines).toContain('2 rows are not valid image references and would be blocked');
});

test('ferry plan counts images that are refused for one of their targets separately', () => {
  const target = { dropped: [], there: none, mountable: none, sent: none };
  const image: PlannedImage = {
    ...imageNamed('quay.io/org/app:1'),
    state: 'copy',
    targets: [
      { ...target, target: 'private', state: 'copy' },
      { ...target, target: 'aliyun', state: 'refused' },
    ],
  };

  const lines = printed(planTables(), { images: 1, refused: 0 }, () => image).split('\n');

  expect(lines).toContain('1 image: 1 to copy; 1 of them not for every target');
});

test('ferry plan prints the notes of a copy beside its target', () => {
  const target = { target: 'private', dropped: [], there: none, mountable: none, sent: none };
  const note = 'its config declares no platform: it is copied unchanged';
  const image: PlannedImage = {
    ...imageNamed('quay.io/org/app:1'),
    state: 'copy',
    targets: [{ ...target, state: 'copy', note }],
  };

  const text = printed(planTables(), { images: 1, refused: 0 }, () => image);

  expect(text).toContain(note);
});
