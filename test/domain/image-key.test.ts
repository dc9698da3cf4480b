import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { imageKey, syncImageWorkflowId } from '../../src/domain/image-key.js';

const image = 'docker.io/library/nginx:1.27';

describe('identity of a wanted image', () => {
  test('is the sha256 of image and platform, as any database can compute it', () => {
    const expected = createHash('sha256').update(`${image}|linux/amd64`).digest('hex');

    expect(imageKey(image, 'linux/amd64')).toBe(expected);
  });

  test('is one workflow per image, whatever its platforms', () => {
    const expected = createHash('sha256').update(image).digest('hex').slice(0, 32);

    expect(syncImageWorkflowId(image)).toBe(`sync-image/${expected}`);
  });
});
