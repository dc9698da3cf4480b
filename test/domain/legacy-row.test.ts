import { printImageReference } from '@image-ferry/registry/reference';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { InvalidInput } from '../../src/domain/ferry-error.js';
import { referenceFromRow, rowFromReference } from '../../src/domain/legacy-row.js';
import { reference } from './arbitraries.js';

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('rows of images_for_push', () => {
  test.each([
    ['docker.io', 'library', 'nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['docker.io', '', 'nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['docker.io', null, 'nginx', 'docker.io/library/nginx:latest'],
    [null, null, 'nginx', 'docker.io/library/nginx:latest'],
    ['', 'xprobe', 'xinference:v1', 'docker.io/xprobe/xinference:v1'],
    ['https://docker.io', 'library', 'nginx', 'docker.io/library/nginx:latest'],
    ['https://index.docker.io/v1/', '', 'nginx', 'docker.io/library/nginx:latest'],
    ['https://registry-1.docker.io/', 'a', 'b', 'docker.io/a/b:latest'],
    ['HTTPS://Quay.IO/', '/a/', '/b:1/', 'quay.io/a/b:1'],
    [' ghcr.io ', ' a ', ' b:1 ', 'ghcr.io/a/b:1'],
    [
      'registry.k8s.io',
      'kube-state-metrics',
      'kube-state-metrics:v2.13.0',
      'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.13.0',
    ],
    ['gcr.io', 'a', 'b/c/d:1', 'gcr.io/a/b/c/d:1'],
    ['gcr.io/a', 'b', 'c:1', 'gcr.io/a/b/c:1'],
    ['quay.io', '', 'single:1', 'quay.io/single:1'],
    ['http://localhost:5000', '', 'a', 'localhost:5000/a:latest'],
    ['docker.io', 'library', `nginx@${sha256}`, `docker.io/library/nginx@${sha256}`],
    ['docker.io', 'library', `nginx:1.27@${sha256}`, `docker.io/library/nginx:1.27@${sha256}`],
  ])('the row %j %j %j is read as %s', (source_registry_url, orig_name_space, orig_image_name, canonical) => {
    const read = referenceFromRow({ source_registry_url, orig_name_space, orig_image_name });

    expect(printImageReference(read)).toBe(canonical);
  });

  test.each([
    ['a registry that is not a host', 'dockerhub', 'library', 'nginx', 'source_registry_url contains "dockerhub"'],
    ['no image at all', 'docker.io', 'library', '', 'orig_image_name is empty'],
    ['NULL for the image', 'docker.io', 'library', null, 'orig_image_name is empty'],
    ['upper case in the path', 'docker.io', 'LangGenius', 'dify', 'type "docker.io/langgenius/dify"'],
    ['white space inside', 'docker.io', 'library', 'nginx 1.27', 'white space'],
    ['a tag that cannot be', 'docker.io', 'library', 'nginx:1+2', 'the tag "1+2"'],
  ])(
    'a row with %s is refused with the reason',
    (_what, source_registry_url, orig_name_space, orig_image_name, reason) => {
      const read = (): unknown => referenceFromRow({ source_registry_url, orig_name_space, orig_image_name });

      expect(read).toThrow(InvalidInput);
      expect(read).toThrow(reason);
    },
  );

  test('the first component of the path is the namespace, the rest with slashes and tag is the name', () => {
    const row = rowFromReference({ host: 'gcr.io', path: 'a/b/c', tag: '1' });

    expect(row).toStrictEqual({ source_registry_url: 'gcr.io', orig_name_space: 'a', orig_image_name: 'b/c:1' });
  });

  test('a row of a source without a namespace has an empty namespace', () => {
    const row = rowFromReference({ host: 'quay.io', path: 'single', tag: '1' });

    expect(row).toStrictEqual({ source_registry_url: 'quay.io', orig_name_space: '', orig_image_name: 'single:1' });
  });

  test('every reference that was written as a row is read back as the same', () => {
    fc.assert(
      fc.property(reference, (original) => {
        expect(referenceFromRow(rowFromReference(original))).toStrictEqual(original);
      }),
      { numRuns: 2000 },
    );
  });
});
