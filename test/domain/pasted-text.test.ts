import { expect, test } from 'vitest';

import { readPasted } from '../../src/composition/console/read-pasted.js';
import { readPastedLines } from '../../src/domain/pasted-text.js';

const understood = (text: string) =>
  readPasted(text).map(({ line, images }) => [line, ...images.map(({ image, refused }) => refused ?? image)]);

test('a pasted text is understood line by line, and a line that is not an image does not affect the others', () => {
  const text = [
    '# the images of our cluster',
    'nginx:1.27',
    '',
    'docker pull redis:7 --platform linux/arm64',
    'kubectl get pods',
    'docker pull \\',
    '  ghcr.io/org/app:v2',
    '  image: "postgres:17"',
  ].join('\r\n');

  const read = readPastedLines(text);

  expect(read.map(({ line, images }) => [line, images[0]?.image, images[0]?.platforms])).toEqual([
    [2, 'nginx:1.27', undefined],
    [4, 'redis:7', ['linux/arm64']],
    [5, 'kubectl get pods', undefined],
    [6, 'ghcr.io/org/app:v2', undefined],
    [8, 'postgres:17', undefined],
  ]);
  expect(read[2]?.images[0]?.refused).toMatch(/kubectl/);
});

test('a compose file is read by its services, with the line of each image', () => {
  const text = [
    'services:',
    '  web:',
    '    image: nginx:${TAG:-1.27}',
    '  cache:',
    '    ports: ["6379:6379"]',
    '    image: redis:7',
    '  own:',
    '    build: .',
    '  api:',
    '    image: team/api:${VERSION}',
  ].join('\n');

  expect(understood(text)).toEqual([
    [3, 'docker.io/library/nginx:1.27'],
    [6, 'docker.io/library/redis:7'],
    [7, 'it is built from source and has no image'],
    [10, expect.stringMatching(/VERSION/)],
  ]);
});

test('a text that only looks like a compose file is refused with the reason', () => {
  expect(understood('services:\n  - nginx')).toEqual([[1, expect.stringMatching(/services/)]]);
  expect(understood('services: &a\n  <<: *b')).toHaveLength(2);
});
