import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { InvalidInput } from '../../src/domain/ferry-error.js';
import { flatName, targetRepositoriesToTry, targetRepositoryCandidates } from '../../src/domain/target-name.js';
import { NamingScheme } from '../../src/domain/target.js';
import type { Target } from '../../src/domain/target.js';
import { repository, target, targetWith } from './arbitraries.js';

const aliyun = targetWith({
  name: 'aliyun',
  registry: 'registry.cn-hangzhou.aliyuncs.com',
  namespace: 'mirror',
  naming: NamingScheme.aliyun,
});
const privateTarget = targetWith({});

function names(image: string, where: Target): readonly [preferred: string, suffixed: string] {
  const { preferred, suffixed } = targetRepositoryCandidates(parseImageReference(image), where);
  return [preferred, suffixed];
}

describe('names on Alibaba Cloud', () => {
  test.each([
    ['nginx:1.27', 'mirror/nginx', 'mirror/nginx-pzm22zbsnp'],
    ['xprobe/xinference', 'mirror/xinference', 'mirror/xinference-zro4dm4bdp'],
    [
      'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.13.0',
      'mirror/kube-state-metrics',
      'mirror/kube-state-metrics-7rh7rgjiy2',
    ],
    ['ghcr.io/a/b/c/d__e', 'mirror/d__e', 'mirror/d-e-7vgioy3ezw'],
  ])('the repository on Alibaba Cloud is the same as from the older scripts: %s → %s', (image, preferred, suffixed) => {
    expect(names(image, aliyun)).toEqual([preferred, suffixed]);
  });
});

describe('names on a private registry', () => {
  test.each([
    ['nginx', 'library/nginx'],
    ['quay.io/single', 'library/single'],
    ['ghcr.io/owner/name', 'owner/name'],
    ['registry.k8s.io/kube-state-metrics/kube-state-metrics', 'kube-state-metrics/kube-state-metrics'],
    ['gcr.io/a/b/c/d', 'a/d'],
  ])('the repository on a private registry is the same as from the older scripts: %s → %s', (image, preferred) => {
    const [first, second] = names(image, privateTarget);

    expect(first).toBe(preferred);
    expect(second.startsWith(`${preferred}-`)).toBe(true);
  });
});

describe('names that are invalid on a target', () => {
  test.each([
    ['of one character, where two are needed', 'ghcr.io/owner/r', aliyun],
    ['longer than 64 characters', `ghcr.io/owner/${'a'.repeat(65)}`, aliyun],
    ['deeper than two levels', 'ghcr.io/owner/name', { ...aliyun, naming: NamingScheme.nested }],
    ['with the host of an IPv6 registry in them', '[::1]:5000/a', targetWith({ naming: NamingScheme.nested })],
    ['longer than 255 in all', `ghcr.io/${'a'.repeat(250)}`, targetWith({ naming: NamingScheme.nested })],
  ])('a name that is invalid on the target is replaced by the suffixed one: %s', (_why, image, where) => {
    const [preferred, suffixed] = names(image, where);

    expect(preferred).toBe(suffixed);
    expect(preferred).toMatch(/-[a-z2-7]{10}$/);
    expect(preferred.length).toBeLessThanOrEqual(255);
  });

  test('a cut slug does not end in a separator before the hash', () => {
    const [preferred] = names(`ghcr.io/${'a'.repeat(52)}-${'b'.repeat(30)}`, aliyun);

    expect(preferred).toMatch(/^mirror\/a{52}-[a-z2-7]{10}$/);
  });

  test.each([
    [NamingScheme.nested, 'mirror/ghcr.io/owner/name'],
    [NamingScheme.flat, 'mirror/ghcr.io__owner__name'],
    [NamingScheme.private, 'mirror/owner/name'],
    [NamingScheme.aliyun, 'mirror/name'],
  ])('the naming scheme %s below a namespace gives %s', (naming, expected) => {
    const [preferred] = names('ghcr.io/owner/name', targetWith({ naming, namespace: 'mirror' }));

    expect(preferred).toBe(expected);
  });

  test('the naming scheme hash always adds the suffix', () => {
    const [preferred, suffixed] = names('nginx', targetWith({ naming: NamingScheme.hash, namespace: 'mirror' }));

    expect([preferred, suffixed]).toEqual(['mirror/nginx-pzm22zbsnp', 'mirror/nginx-pzm22zbsnp']);
  });
});

describe('names chosen by hand', () => {
  test('names chosen by hand override the naming scheme, even if it always adds a suffix', () => {
    const where = targetWith({ naming: NamingScheme.hash, explicitNames: { 'docker.io/library/nginx': 'web/server' } });

    expect(names('nginx:1', where)[0]).toBe('web/server');
  });

  test.each([
    ['an illegal one', { explicitNames: { 'docker.io/library/nginx': 'Web/server' } }, 'upper-case'],
    [
      'one deeper than the target allows',
      { ...aliyun, explicitNames: { 'docker.io/library/nginx': 'a/b/c' } },
      '3 levels',
    ],
    [
      'one without a namespace on Alibaba Cloud',
      { ...aliyun, explicitNames: { 'docker.io/library/nginx': 'web' } },
      'no namespace',
    ],
    ['an illegal namespace', { namespace: 'Team' }, 'upper-case'],
    ['a namespace of two levels on Alibaba Cloud', { ...aliyun, namespace: 'a/b' }, 'allows 1'],
    ['no namespace on Alibaba Cloud', { ...aliyun, namespace: '' }, 'no namespace'],
  ])('%s is refused as a name on a target, and the message names the target', (_what, settings, reason) => {
    const where = targetWith(settings);

    expect(() => names('nginx', where)).toThrow(InvalidInput);
    expect(() => names('nginx', where)).toThrow(reason);
    expect(() => names('nginx', where)).toThrow(where.name);
  });
});

/** Who owns which repository of a target; the first claim wins, for ever. */
class Owners {
  readonly #owners = new Map<string, string>();

  claim(name: string, source: string): string {
    const owner = this.#owners.get(name) ?? source;
    this.#owners.set(name, owner);
    return owner;
  }

  /** The name that a source gets; none when both of its names belong to others. */
  nameFor(source: ImageReference, where: Target): string | undefined {
    const { preferred, suffixed } = targetRepositoryCandidates(source, where);
    const claimant = sourceRepository(source);
    if (this.claim(preferred, claimant) === claimant) return preferred;
    return this.claim(suffixed, claimant) === claimant ? suffixed : undefined;
  }
}

describe('target repositories of every source', () => {
  test('two different source repositories never share a target repository, in any order', () => {
    fc.assert(
      fc.property(target, fc.array(repository, { minLength: 2, maxLength: 40 }), (where, sources) => {
        const owners = new Owners();
        const given = new Map<string, string>();

        for (const source of [...sources, ...sources.toReversed()]) {
          const name = owners.nameFor(source, where);
          if (name === undefined) continue;

          expect(given.get(name) ?? sourceRepository(source)).toBe(sourceRepository(source));
          given.set(name, sourceRepository(source));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a source that is named like the suffixed name of another one does not share its repository', () => {
    fc.assert(
      fc.property(target, repository, repository, fc.boolean(), (where, victim, squatterBase, squatterFirst) => {
        const { suffixed } = targetRepositoryCandidates(victim, where);
        const squatter = { host: 'evil.example', path: `x/${suffixed.slice(suffixed.lastIndexOf('/') + 1)}` };
        const rival = { ...squatterBase, path: victim.path };
        const owners = new Owners();
        const order = squatterFirst ? [squatter, rival, victim] : [rival, victim, squatter];

        const taken = order.map((source) => [sourceRepository(source), owners.nameFor(source, where)] as const);

        const bySource = new Map(taken);
        const real = [...bySource.values()].filter((name) => name !== undefined);
        expect(new Set(real).size).toBe(real.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('a source always gets the same name again, whatever other sources came in between', () => {
    fc.assert(
      fc.property(target, fc.array(repository, { minLength: 1, maxLength: 20 }), (where, sources) => {
        const owners = new Owners();
        const first = sources.map((source) => String(owners.nameFor(source, where)));

        const again = sources.map((source) => String(owners.nameFor(source, where)));

        expect(again).toEqual(first);
      }),
    );
  });

  test('every name is valid on its target', () => {
    const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
    const legal = new RegExp(`^${component}(?:/${component})*$`);
    fc.assert(
      fc.property(target, repository, (where, source) => {
        const isAliyun = where.naming === NamingScheme.aliyun || where.registry.endsWith('aliyuncs.com');
        const hasTwoLevels = isAliyun || where.registry === 'docker.io';

        const { preferred, suffixed } = targetRepositoryCandidates(source, where);

        for (const name of [preferred, suffixed]) {
          const levels = name.split('/').length;
          const lastLength = name.length - 1 - name.lastIndexOf('/');
          expect(name).toMatch(legal);
          expect(`${where.registry}/${name}`.length).toBeLessThanOrEqual(255);
          expect(!hasTwoLevels || levels === 2).toBe(true);
          expect(!isAliyun || (lastLength >= 2 && lastLength <= 64)).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('a flat name is parsed back to its source repository', () => {
    const written = new Map([
      ['__', '/'],
      ['--', '__'],
      ['---', ':'],
    ]);
    const readBack = (flat: string): string => flat.replace(/__|-{2,}/g, (run) => written.get(run) ?? run.slice(2));
    fc.assert(
      fc.property(repository, (source) => {
        // Host names may hold runs of hyphens, colons only before the port; addresses in brackets are never flat.
        fc.pre(!source.host.startsWith('['));

        expect(readBack(flatName(sourceRepository(source)))).toBe(sourceRepository(source));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('names that a source has already', () => {
  const source = parseImageReference('docker.io/xhofe/alist:v1');
  const target: Target = {
    name: 'aliyun',
    registry: 'registry.example.com',
    namespace: 'team',
    naming: 'aliyun',
    manifestPolicy: 'keep',
    explicitNames: {},
  };

  test('a name from an older script is kept for later tags', () => {
    expect(targetRepositoriesToTry(source, target, ['team/xhofe_alist'])[0]).toBe('team/xhofe_alist');
  });

  test('the plain name is tried first if the source owns it', () => {
    expect(targetRepositoriesToTry(source, target, ['team/linux_arm64_alist', 'team/alist'])[0]).toBe('team/alist');
  });

  test('a name in another namespace is not used for new pushes', () => {
    const tries = targetRepositoriesToTry(source, target, ['old/alist']);

    expect(tries).not.toContain('old/alist');
    expect(tries[0]).toBe('team/alist');
  });

  test('a name chosen by hand overrides existing names', () => {
    const chosen = { ...target, explicitNames: { 'docker.io/xhofe/alist': 'team/files' } };

    expect(targetRepositoriesToTry(source, chosen, ['team/xhofe_alist'])[0]).toBe('team/files');
  });
});
