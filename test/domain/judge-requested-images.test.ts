import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hostAddresses } from '@image-ferry/registry';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { AddImageInput } from '../../src/contract/sync-messages.js';
import { openDatabase } from '../../src/database/ferry-database.js';
import type { FerryDatabase } from '../../src/database/ferry-database.js';
import { migrate } from '../../src/database/run-migrations.js';
import { createStores } from '../../src/database/stores.js';
import { addImages } from '../../src/domain/judge-requested-images.js';
import type { AddPorts } from '../../src/domain/judge-requested-images.js';
import { wellKnownRegistries } from '../../src/domain/source-allow-list.js';
import type { HostAddress } from '../../src/domain/source-allow-list.js';
import { createSourceGate } from '../../src/domain/source-gate.js';

describe('requested images', () => {
  let folder: string;
  let database: FerryDatabase;
  let ports: AddPorts;
  let lookedUp: string[];
  const names = new Map<string, readonly HostAddress[]>([
    ['rebinding.example', [{ address: '10.0.0.7', isPublic: false }]],
  ]);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ferry-requests-'));
    database = await openDatabase({ kind: 'sqlite', path: join(folder, 'ferry.db') });
    await migrate(database);
    lookedUp = [];
    const rules = {
      allowed: [...wellKnownRegistries, 'rebinding.example', '127.0.0.1:5001'],
      trusted: ['127.0.0.1:5001', 'registry.example.com'],
      targets: [{ name: 'private', registry: 'registry.example.com', namespace: '' }],
    };
    const sources = createSourceGate(rules, async (host) => {
      lookedUp.push(host);
      // Addresses are read by the real thing; names are this test's own, since it must not ask the world.
      return /^[[\d]/.test(host) ? await hostAddresses(host) : (names.get(host) ?? []);
    });
    ports = { wanted: createStores(database).wanted, sources, platforms: ['linux/amd64'] };
  });
  afterEach(async () => {
    await database.close();
    rmSync(folder, { recursive: true });
  });

  const ask = async (input: AddImageInput) => await addImages(input, ports, { by: 'webhook', id: 'd-1' });
  const rows = async () =>
    await database.queries.selectFrom('images_for_push').select(['image', 'platform']).orderBy('id').execute();

  test('each requested image is accepted, already there, or refused with a reason, in the order of the request', async () => {
    await ask({ images: ['redis:7'] });

    const answers = await ask({ images: ['nginx:1.27', 'Bad Reference', 'redis:7', 'registry.example.com/app:1'] });

    expect(answers.map(({ asked, outcome, previous }) => [asked, outcome, previous])).toEqual([
      ['nginx:1.27', 'added', undefined],
      ['Bad Reference', 'refused', undefined],
      ['redis:7', 'already-pending', 'pending'],
      ['registry.example.com/app:1', 'refused', undefined],
    ]);
    expect(answers[3]?.reason).toContain('the target "private"');
  });

  test('the input of a workflow is parsed like every other request', async () => {
    const answers = await ask({
      images: [
        'docker pull --platform linux/arm64 nginx:1.27',
        'redis:7, alpine:3',
        'gcr.io/a/b:1 -> mirror/b:1',
        { image: 'null', refused: 'at images[3]: expected an image, got null' },
        'docker.io/v2/library/busybox/manifests/latest:latest',
        '',
      ],
    });

    expect(answers.map(({ image, platform, outcome }) => [image, platform, outcome])).toEqual([
      ['docker.io/library/nginx:1.27', 'linux/arm64', 'added'],
      ['docker.io/library/redis:7', 'linux/amd64', 'added'],
      ['docker.io/library/alpine:3', 'linux/amd64', 'added'],
      [undefined, undefined, 'refused'],
      [undefined, undefined, 'refused'],
      [undefined, undefined, 'refused'],
      [undefined, undefined, 'refused'],
    ]);
    expect(answers.slice(3).map(({ reason }) => reason)).toEqual([
      expect.stringContaining('type "gcr.io/a/b:1" alone'),
      'at images[3]: expected an image, got null',
      expect.stringContaining('type the image name, "docker.io/library/busybox:latest"'),
      expect.stringContaining('it is empty'),
    ]);
    expect(await rows()).toHaveLength(3);
  });

  test('a registry without a repository is refused with a correction', async () => {
    const answers = await ask({ images: ['ghcr.io', 'redis:7'] });

    expect(answers).toMatchObject([
      {
        asked: 'ghcr.io',
        outcome: 'refused',
        reason: 'it is a registry without a repository: type ghcr.io/owner/name:tag',
      },
      { asked: 'redis:7', outcome: 'added' },
    ]);
  });

  test('platforms may be set for one image, and an invalid one refuses only that image', async () => {
    const answers = await ask({
      images: [
        { image: 'nginx:1.27', platforms: ['linux/arm64', 'linux/amd64'] },
        { image: 'redis:7', platforms: ['toaster'] },
        'alpine:3',
      ],
      platforms: ['linux/s390x'],
    });

    expect(answers.map(({ image, platform, outcome }) => [image, platform, outcome])).toEqual([
      ['docker.io/library/nginx:1.27', 'linux/arm64', 'added'],
      ['docker.io/library/nginx:1.27', 'linux/amd64', 'added'],
      [undefined, undefined, 'refused'],
      ['docker.io/library/alpine:3', 'linux/s390x', 'added'],
    ]);
  });

  test('an image that is too long to be recorded is refused without affecting the others', async () => {
    const long = `ghcr.io/${'a'.repeat(250)}:${'b'.repeat(128)}@sha512:${'c'.repeat(128)}`;
    const longer = `${Array.from({ length: 4 }, () => 'd'.repeat(60)).join('.')}.ghcr.io`;
    const everything = { ...ports, sources: { refusals: async () => [] } };

    const answers = await addImages(
      { images: ['nginx:1.27', long.replace('ghcr.io', longer), 'redis:7'] },
      everything,
      { by: 'webhook' },
    );

    expect(answers.map(({ outcome }) => outcome)).toEqual(['added', 'refused', 'added']);
    expect(answers[1]?.reason).toContain('the limit is 600');
    expect(await rows()).toHaveLength(2);
  });

  test.each([
    '127.0.0.1:6379/app:1',
    '127.1/app:1',
    '2130706433:80/app:1',
    '0177.0.0.1/app:1',
    '0x7f000001:5000/app:1',
    '[::1]:5000/app:1',
    '[::ffff:7f00:1]/app:1',
    '[::7f00:1]/app:1',
    '[fd00::1]/app:1',
    '[64:ff9b::7f00:1]/app:1',
    '169.254.169.254/latest/meta-data:1',
    '10.0.0.1/app:1',
    '0.0.0.0:5000/app:1',
    '100.100.100.200/app:1',
    'rebinding.example/app:1',
  ])('%s resolves to a private address and is refused, and no row is written', async (image) => {
    const [answer] = await ask({ images: [image] });

    expect(answer?.outcome).toBe('refused');
    expect(answer?.reason).toContain('private or loopback address');
    expect(await rows()).toEqual([]);
  });

  test('a public host that is not allowed is refused with that reason', async () => {
    const [answer] = await ask({ images: ['8.8.8.8/app:1'] });

    expect(answer?.reason).toContain('FERRY_ALLOWED_SOURCES');
  });

  test('a registry that is configured may be on this machine', async () => {
    const [answer] = await ask({ images: ['127.0.0.1:5001/app:1'] });

    expect(answer?.outcome).toBe('added');
    expect(lookedUp).toEqual([]);
  });

  test('a host is resolved once, even if many of its images are requested', async () => {
    await ask({ images: Array.from({ length: 20 }, (_, n) => `ghcr.io/org/app:${n}`) });

    expect(lookedUp).toEqual(['ghcr.io']);
  });
});
