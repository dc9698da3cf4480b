import { expect, test } from 'vitest';

import { planImages } from '../../../chaos/plan/plan-images.js';
import { planRequests } from '../../../chaos/plan/plan-requests.js';

test('images and requests of a run follow from its seed alone', () => {
  const plan = (seed: number) => planRequests(seed, 600, planImages(seed, 60));

  expect(plan(5)).toEqual(plan(5));
  expect(plan(6)).not.toEqual(plan(5));
});

test('every image is requested, in each of the four ways, and mutable tags move in the order of their versions', () => {
  const images = planImages(5, 120);

  const steps = planRequests(5, 1200, images);

  const requests = steps.flatMap((step) => (step.kind === 'request' ? [step] : []));
  expect(new Set(requests.flatMap((request) => request.images))).toEqual(new Set(images));
  expect(new Set(requests.map(({ way }) => way))).toEqual(new Set(['cli', 'api', 'webhook', 'sql']));
  for (const image of images) {
    const moves = steps.flatMap((step) => (step.kind === 'move' && step.image === image ? [step.version] : []));
    expect(moves).toEqual(image.versions.slice(1).map((_, n) => n + 1));
  }
});

test('late images have a repository of their own, and are published after they were requested', () => {
  const images = planImages(5, 120);

  const steps = planRequests(5, 1200, images);

  const late = images.filter(({ isLate }) => isLate);
  expect(late.length).toBeGreaterThan(2);
  for (const image of late) {
    expect(images.filter(({ repository }) => repository === image.repository)).toEqual([image]);
    const requestedAt = steps.find((step) => step.kind === 'request' && step.images.includes(image))?.at ?? 0;
    const published = steps.filter((step) => step.kind === 'publish' && step.image === image);
    expect(published).toHaveLength(1);
    expect(published[0]?.at).toBeGreaterThan(requestedAt);
  }
});

test('images share layers, have namesakes, several platforms and mutable tags', () => {
  const images = planImages(5, 120);

  const layers = images.flatMap(({ versions }) =>
    versions.flatMap(({ platforms }) => platforms.flatMap((one) => one.layers)),
  );
  const shared = layers.flatMap((layer) => (typeof layer === 'object' ? [layer.name] : []));
  expect(shared.length).toBeGreaterThan(3 * new Set(shared).size);
  expect(images.filter(({ repository }) => repository.endsWith('/same')).length).toBeGreaterThan(1);
  expect(images.some(({ versions }) => (versions[0]?.platforms.length ?? 0) > 1)).toBe(true);
  expect(images.some(({ versions }) => versions.length > 1)).toBe(true);
});
