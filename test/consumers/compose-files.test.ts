import { parseImageReference } from '@image-ferry/registry/reference';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { composeOverride, composeRewrite } from '../../src/consumers/compose-files.js';
import { digestB, indexOf, mirrored, registry } from './mirror-stage.js';

const index = indexOf([mirrored('docker.io/langgenius/dify-api:1.10.0'), mirrored('docker.io/library/redis:6-alpine')]);

/** Services by name, with the image that Compose would use. */
function services(images: Readonly<Record<string, string>>) {
  return Object.entries(images).map(([service, image]) => ({ service, reference: parseImageReference(image) }));
}

const api = 'langgenius/dify-api:1.10.0';
const mirroredApi = `${registry}/mirror/dify-api:1.10.0`;
const mirroredRedis = `${registry}/mirror/redis:6-alpine`;

describe('compose files with mirrored names', () => {
  test('a rewritten compose file differs from the original in its images only, whatever YAML it uses', () => {
    const text = [
      '\uFEFF# A comment with image: nginx',
      'x-shared: &shared   # an anchor',
      '  image: &image   "langgenius/dify-api:1.10.0"   # quoted',
      '  environment: &env {A: 1,   B: "two"}',
      'services:',
      '    api:',
      '        <<: *shared',
      '        environment:',
      '            <<: [*env]',
      "            IMAGE: 'langgenius/dify-api:1.10.0'",
      '    worker:',
      '      <<: [*shared]',
      '      image: *image',
      '    cache: {image: \'redis:6-alpine\', command: [redis-server,   --save, ""]}',
      '    beat:',
      '      image: langgenius/dify-api:${API_TAG:-1.10.0}\t# a variable',
      '    folded:',
      '      image: >-',
      '        langgenius/dify-api:1.10.0',
      '      restart: always',
      '    extending:',
      '      extends: {service: beat}',
      '',
    ].join('\r\n');
    const images = services({ api, worker: api, cache: 'redis:6-alpine', beat: api, folded: api, extending: api });

    const { files, missing, gaps, notes } = composeRewrite(text, images, index, 'compose.yaml');

    const expected = text
      .replace('"langgenius/dify-api:1.10.0"   # quoted', `"${mirroredApi}"   # quoted`)
      .replace("'redis:6-alpine'", `'${mirroredRedis}'`)
      .replace('langgenius/dify-api:${API_TAG:-1.10.0}', mirroredApi)
      .replace('>-\r\n        langgenius/dify-api:1.10.0\r\n', `${mirroredApi}\r\n`);
    expect(files).toEqual([{ path: '', text: expected }]);
    expect({ missing, gaps }).toEqual({ missing: [], gaps: [] });
    expect(notes).toEqual([
      `compose.yaml:16: service beat: langgenius/dify-api:\${API_TAG:-1.10.0} is now ${mirroredApi}; its variables have no effect any more`,
    ]);
  });

  test('an image that is not on the target is reported with its line, and the others are rewritten', () => {
    const text = 'services:\n  web:\n    image: nginx:1.27\n  cache:\n    image: redis:6-alpine\n';
    const images = services({ web: 'nginx:1.27', cache: 'redis:6-alpine' });

    const output = composeRewrite(text, images, index, 'compose.yaml');

    expect(output.missing).toEqual([
      { image: 'docker.io/library/nginx:1.27', where: 'compose.yaml:3: service web', reason: 'not on the target' },
    ]);
    expect(output.files[0]?.text).toBe(text.replace('redis:6-alpine', mirroredRedis));
  });

  test('a file that is already rewritten stays as it is', () => {
    const text = `services:\n  cache:\n    image: ${mirroredRedis}\n`;

    const output = composeRewrite(text, services({ cache: mirroredRedis }), index, 'compose.yaml');

    expect(output).toEqual({ files: [{ path: '', text }], missing: [], gaps: [], notes: [] });
  });

  test('an image that another file defines is a gap', () => {
    const text = 'services:\n  cache:\n    extends: {file: base.yaml, service: cache}\n';

    const { gaps } = composeRewrite(text, services({ cache: 'redis:6-alpine' }), index, 'compose.yaml');

    expect(gaps).toEqual([
      expect.stringContaining('service cache (docker.io/library/redis:6-alpine) has its image in another'),
    ]);
  });

  test('an override file names the image of each service', () => {
    const images = services({ api, cache: 'redis:6-alpine', web: 'nginx:1.27' });

    const output = composeOverride(images, index, { where: 'compose.yaml' });

    expect(parse(output.files[0]?.text ?? '')).toEqual({
      services: { api: { image: mirroredApi }, cache: { image: mirroredRedis } },
    });
    expect(output.missing.map(({ image }) => image)).toEqual(['docker.io/library/nginx:1.27']);
  });

  test('a digest in the file stays where the copy has it, and is that of the copy where it has fewer platforms', () => {
    const subset = indexOf([mirrored('docker.io/library/redis:6-alpine', { sourceDigest: digestB })]);
    const images = services({ cache: `redis:6-alpine@${digestB}` });

    const output = composeOverride(images, subset, { where: 'compose.yaml' });

    expect(output.files[0]?.text).toContain(`${mirroredRedis}@sha256:aaaa`);
    expect(output.notes).toEqual([
      expect.stringContaining('has only linux/amd64 on the target, so its digest there is'),
    ]);
  });

  test.each([
    ['is not YAML', 'services: [', 'it is not YAML: line 1'],
    ['has two documents', 'services: {}\n---\nservices: {}\n', 'it has several YAML documents'],
    ['is empty', '', 'it is not a map with services'],
    ['nests its maps too deeply', `services: ${'{a: '.repeat(100_000)}`, 'nested too deeply'],
  ])('a compose file that %s is refused with its name', (_, text, reason) => {
    const rewriting = () => composeRewrite(text, services({ cache: 'redis:6-alpine' }), index, 'compose.yaml');

    expect(rewriting).toThrow(reason);
    expect(rewriting).toThrow('compose.yaml');
  });
});
