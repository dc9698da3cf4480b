import { parseImageReference } from '@image-ferry/registry/reference';
import { describe, expect, test } from 'vitest';

import {
  addressRefusal,
  decideSource,
  sourcePatternFault,
  wellKnownRegistries,
} from '../../src/domain/source-allow-list.js';
import type { SourceRules } from '../../src/domain/source-allow-list.js';

const rules: SourceRules = {
  allowed: [...wellKnownRegistries, 'registry.corp.example:5000', '127.0.0.1:5001'],
  trusted: ['127.0.0.1:5001', 'mirror.example.com', 'crpi.example.com'],
  targets: [
    { name: 'private', registry: 'mirror.example.com', namespace: '' },
    { name: 'aliyun', registry: 'crpi.example.com', namespace: 'team' },
  ],
};

const decide = (image: string, by: SourceRules = rules) => decideSource(parseImageReference(image), by);

describe('allowed sources', () => {
  test.each([
    'nginx:1.27',
    'ghcr.io/org/app:1',
    'quay.io/org/app:1',
    'europe-docker.pkg.dev/project/app:1',
    'us.gcr.io/project/app:1',
    'registry.corp.example:5000/app:1',
    'ghcr.io:443/org/app:1',
  ])('%s is allowed if its addresses are public', (image) => {
    expect(decide(image)).toMatchObject({ kind: 'addresses' });
    expect(decide(image)).not.toHaveProperty('reason');
  });

  test.each([
    'docker.n8n.io/n8nio/n8n:2.0.0',
    'cr.weaviate.io/semitechnologies/weaviate:1.36.0',
    'docker.getoutline.com/outlinewiki/outline:1.7.1',
    'docker.litellm.ai/berriai/litellm:main-stable',
    'docker.gitea.com/gitea:1.24.2',
    'artifacts.plane.so/makeplane/plane-frontend:v1.3.1',
    'codeberg.org/forgejo/forgejo:13',
    'lscr.io/linuxserver/swag:5',
    'nvcr.io/nvidia/cuda:13',
    'cgr.dev/chainguard/nginx:latest',
    'container-registry.oracle.com/database/free:latest',
  ])('%s of a well-known compose file may be requested without configuration', (image) => {
    expect(decide(image, { ...rules, allowed: wellKnownRegistries })).toMatchObject({ kind: 'addresses' });
    expect(decide(image, { ...rules, allowed: wellKnownRegistries })).not.toHaveProperty('reason');
  });

  test('a configured registry may have a private address', () => {
    expect(decide('127.0.0.1:5001/app:1')).toEqual({ kind: 'accepted' });
  });

  test('with "*" every public registry is allowed', () => {
    expect(decide('registry.somewhere.example/app:1', { ...rules, allowed: ['*'] })).toEqual({
      kind: 'addresses',
      host: 'registry.somewhere.example',
    });
  });
});

describe('sources that are refused', () => {
  test.each([
    ['registry.somewhere.example/app:1', 'FERRY_ALLOWED_SOURCES'],
    ['notghcr.io/app:1', 'FERRY_ALLOWED_SOURCES'],
    ['gcr.io.attacker.example/app:1', 'FERRY_ALLOWED_SOURCES'],
    ['ghcr.io:2375/app:1', 'FERRY_ALLOWED_SOURCES'],
    ['registry.corp.example/app:1', 'FERRY_ALLOWED_SOURCES'],
    ['localhost/app:1', 'this machine'],
    ['localhost:5000/app:1', 'this machine'],
    ['registry.localhost/app:1', 'this machine'],
    ['mirror.example.com/app:1', 'the target "private"'],
    ['crpi.example.com/team/app:1', 'the target "aliyun"'],
    ['crpi.example.com:443/team/app:1', 'the target "aliyun"'],
    ['crpi.example.com/others/app:1', 'FERRY_ALLOWED_SOURCES'],
  ])('the source %s is refused with: %s', (image, reason) => {
    const decision = decide(image);

    expect(decision).toMatchObject({ kind: 'refused', reason: expect.stringContaining(reason) as string });
  });

  test.each([
    '127.0.0.1/app:1',
    '127.1/app:1',
    '2130706433:80/app:1',
    '0177.0.0.1/app:1',
    '0x7f000001:5000/app:1',
    '0x7f.1/app:1',
    '[::1]:5000/app:1',
    '[::ffff:7f00:1]/app:1',
    '169.254.169.254/latest/meta-data:1',
  ])('the address of %s is checked although it is not on the list', (image) => {
    const decision = decide(image);

    expect(decision).toMatchObject({
      kind: 'addresses',
      reason: expect.stringContaining('is not an allowed source') as string,
    });
  });

  test('a host with one private address among public ones is refused, and the reason contains the address', () => {
    const addresses = [
      { address: '203.0.113.7', isPublic: true },
      { address: '10.1.2.3', isPublic: false },
    ];

    expect(addressRefusal('rebinding.example', addresses)).toContain('10.1.2.3');
    expect(addressRefusal('rebinding.example', addresses.slice(0, 1))).toBeUndefined();
    expect(addressRefusal('rebinding.example', [])).toBeUndefined();
  });

  test.each([
    ['by its address', addressRefusal('10.1.2.3', [{ address: '10.1.2.3', isPublic: false }])],
    ['by its name', JSON.stringify(decide('localhost:5000/app:1'))],
  ])(
    'a private registry is refused %s, and the reason says which file must configure it and when it is read',
    (_, reason) => {
      expect(reason).toContain("hosts in the worker's ferry.yaml, which the worker reads when it starts");
    },
  );
});

test.each(['*', '*.example.com', 'quay.io', 'registry.example.com:5000', '[2001:db8::1]:5000'])(
  '%s can stand in the list of allowed sources',
  (pattern) => {
    expect(sourcePatternFault(pattern)).toBeUndefined();
  },
);

test.each(['quay', 'https://quay.io', 'quay.io/org', '*.', '**.example.com', 'quay.io:70000', 'a b'])(
  '%s cannot stand in the list of allowed sources',
  (pattern) => {
    expect(sourcePatternFault(pattern)).toContain('is not a registry');
  },
);

test('a URL in the list of allowed sources is refused, and the reason says what to remove', () => {
  expect(sourcePatternFault('https://quay.io')).toBe('"https://quay.io" is not a registry host: remove "https://"');
});
