import type { Digest } from '@image-ferry/registry/digest';
import type { Platform } from '@image-ferry/registry/platform';
import type { ImageReference } from '@image-ferry/registry/reference';
import * as fc from 'fast-check';

import { NamingScheme } from '../../src/domain/target.js';
import type { Target } from '../../src/domain/target.js';

const word = fc.stringMatching(/^[a-z0-9]{1,8}$/);
const separator = fc.constantFrom('.', '_', '__', '-', '--', '---');

/** A legal component of a repository's path, separators of every kind in it. */
const component = fc
  .tuple(word, fc.array(fc.tuple(separator, word), { maxLength: 3 }))
  .map(([first, rest]) => first + rest.map(([between, next]) => between + next).join(''));

const longComponent = fc.integer({ min: 60, max: 120 }).map((length) => 'a'.repeat(length));

/** Few and alike on purpose, so that last components, namespaces and whole paths fall together. */
const alikeComponent = fc.constantFrom('a', 'b', 'ab', 'nginx', 'library', 'a-b', 'a--b', 'a__b', 'a.b', 'a_b');

const path = (part: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(part, { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join('/'))
    .filter((text) => text.length <= 255);

const port = fc.integer({ min: 1, max: 65_535 }).map((number) => `:${number}`);
const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/);
const domain = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'));
const ipv6 = fc.constantFrom('[::1]', '[2001:db8::8a2e:370:7334]', '[fe80:0:0:0:0:0:0:1]');

/** Registries other than Docker Hub. */
const host = fc.oneof(
  fc.constantFrom('ghcr.io', 'quay.io', 'localhost', 'registry.k8s.io'),
  domain,
  fc.tuple(fc.oneof(domain, fc.constant('localhost'), label, ipv6), port).map(([name, number]) => name + number),
);

const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,40}$/);

const digest: fc.Arbitrary<Digest> = fc.oneof(
  fc.stringMatching(/^[0-9a-f]{64}$/).map((hex): Digest => `sha256:${hex}`),
  fc.stringMatching(/^[0-9a-f]{128}$/).map((hex): Digest => `sha512:${hex}`),
);

const repositoryOf = (part: fc.Arbitrary<string>): fc.Arbitrary<Pick<ImageReference, 'host' | 'path'>> =>
  fc.oneof(
    fc.record({ host, path: path(part) }),
    path(part)
      // Addresses of Docker Hub's pages and API, which are refused.
      .filter((text) => !/^(?:r|layers|v2)\/[^/]+\//.test(text))
      .map((text) => ({ host: 'docker.io', path: text.includes('/') ? text : `library/${text}` })),
  );

/** Canonical repositories of every form, with a liking for those that are confusable. */
export const repository = fc.oneof(
  repositoryOf(component),
  repositoryOf(alikeComponent),
  repositoryOf(fc.oneof(longComponent, component)),
);

export const reference: fc.Arbitrary<ImageReference> = fc
  .tuple(repository, fc.option(tag, { nil: undefined }), fc.option(digest, { nil: undefined }))
  .map(([where, someTag, someDigest]) => {
    if (someTag === undefined)
      return someDigest === undefined ? { ...where, tag: 'latest' } : { ...where, digest: someDigest };
    return someDigest === undefined ? { ...where, tag: someTag } : { ...where, tag: someTag, digest: someDigest };
  });

export const platform: fc.Arbitrary<Platform> = fc.oneof(
  fc.constantFrom<Platform>(
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'arm64' },
    { os: 'linux', architecture: 'arm', variant: 'v6' },
    { os: 'linux', architecture: 'arm', variant: 'v7' },
    { os: 'linux', architecture: 'riscv64' },
    { os: 'linux', architecture: 'amd64', variant: 'v3' },
    { os: 'windows', architecture: 'amd64' },
    { os: 'windows', architecture: 'amd64', osVersion: '10.0.17763.1' },
    { os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.2402', osFeatures: ['win32k'] },
  ),
  fc
    .record({ os: word, architecture: word.map((text) => `x${text}`) })
    .filter(({ architecture }) => !['x86_64', 'x86-64'].includes(architecture)),
);

const anyTarget: Target = {
  name: 'private',
  registry: 'registry.example.com:5000',
  namespace: '',
  naming: NamingScheme.private,
  manifestPolicy: 'keep',
  explicitNames: {},
};

export function targetWith(settings: Partial<Target>): Target {
  return { ...anyTarget, ...settings };
}

/** Targets of every naming scheme, on registries with and without limits of their own. */
export const target: fc.Arbitrary<Target> = fc
  .record({
    naming: fc.constantFrom(...Object.values(NamingScheme)),
    registry: fc.constantFrom(
      'registry.example.com:5000',
      'registry.cn-hangzhou.aliyuncs.com',
      'docker.io',
      'localhost:5000',
    ),
    namespace: fc.constantFrom('mirror', 'team-a'),
  })
  .map(targetWith);
