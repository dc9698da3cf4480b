import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { imageKey, syncImageWorkflowId } from '../../src/domain/image-key.js';

const image = 'docker.io/library/nginx:1.27';

describe('identity of a wanted image', () => {
  test('the key of an image is the SHA-256 of image and platform, which any database can compute', () => {
    const expected = createHash('sha256').update(`${image}|linux/amd64`).digest('hex');

    expect(imageKey(image, 'linux/amd64')).toBe(expected);
  });

  test('all platforms of an image share one workflow ID', () => {
    const expected = createHash('sha256').update(image).digest('hex').slice(0, 32);

    expect(syncImageWorkflowId(image)).toBe(`sync-image/${expected}`);
  });

  test('references that are written to one tag of a target have one workflow', () => {
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const repository = 'docker.io/library/nginx';

    expect(syncImageWorkflowId(`${image}@${digest}`)).toBe(syncImageWorkflowId(image));
    expect(syncImageWorkflowId(`${repository}@${digest}`)).toBe(
      syncImageWorkflowId(`${repository}:digest-0123456789ab`),
    );
    expect(syncImageWorkflowId(`${repository}@${digest}`)).not.toBe(syncImageWorkflowId(image));
  });
});
