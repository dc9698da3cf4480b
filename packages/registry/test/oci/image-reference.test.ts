import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { reference } from '../../../../test/domain/arbitraries.js';
import { InvalidInput } from '../../src/errors.js';
import { parseImageReference, printImageReference, sourceRepository } from '../../src/oci/image-reference.js';

const sha256 = `sha256:${'0123456789abcdef'.repeat(4)}`;
const sha512 = `sha512:${'0123456789abcdef'.repeat(8)}`;

describe('image references that people type', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['xprobe/xinference:v1.2.0', 'docker.io/xprobe/xinference:v1.2.0'],
    ['library/nginx', 'docker.io/library/nginx:latest'],
    ['docker.io/nginx', 'docker.io/library/nginx:latest'],
    ['docker.io/library/nginx', 'docker.io/library/nginx:latest'],
    ['index.docker.io/nginx:1', 'docker.io/library/nginx:1'],
    ['registry-1.docker.io/library/nginx:1', 'docker.io/library/nginx:1'],
    ['registry.hub.docker.com/xprobe/xinference', 'docker.io/xprobe/xinference:latest'],
    ['Docker.IO/nginx', 'docker.io/library/nginx:latest'],
    ['GHCR.io/owner/name:TAG', 'ghcr.io/owner/name:TAG'],
    ['quay.io/single', 'quay.io/single:latest'],
    ['localhost/a', 'localhost/a:latest'],
    ['localhost:5000/a/b:c', 'localhost:5000/a/b:c'],
    ['registry:5000/a', 'registry:5000/a:latest'],
    ['127.0.0.1:5000/a', '127.0.0.1:5000/a:latest'],
    ['[2001:DB8::1]:5000/a:1', '[2001:db8::1]:5000/a:1'],
    ['[::1]/a', '[::1]/a:latest'],
    [
      'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.13.0',
      'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.13.0',
    ],
    ['a.b/c__d/e--f/g.h_i:_X.y-z', 'a.b/c__d/e--f/g.h_i:_X.y-z'],
    // A first component without a dot, a port or a slash behind it is Docker Hub's, as for docker.
    ['localhost:5000', 'docker.io/library/localhost:5000'],
    ['my.name', 'docker.io/library/my.name:latest'],
    [`nginx@${sha256}`, `docker.io/library/nginx@${sha256}`],
    [`nginx:1.27@${sha256}`, `docker.io/library/nginx:1.27@${sha256}`],
    [`ghcr.io/a/b@${sha512}`, `ghcr.io/a/b@${sha512}`],
    [`a.b/${'x'.repeat(255)}:${'t'.repeat(128)}`, `a.b/${'x'.repeat(255)}:${'t'.repeat(128)}`],
  ])('the reference %s means %s', (typed, canonical) => {
    const printed = printImageReference(parseImageReference(typed));

    expect(printed).toBe(canonical);
  });

  test('a reference with only a digest gets no tag', () => {
    const parsed = parseImageReference(`nginx@${sha256}`);

    expect(parsed).toStrictEqual({ host: 'docker.io', path: 'library/nginx', digest: sha256 });
  });

  test('the source repository is the reference without tag and digest', () => {
    const repository = sourceRepository(parseImageReference(`quay.io/a/b:1@${sha256}`));

    expect(repository).toBe('quay.io/a/b');
  });
});

describe('invalid references', () => {
  test.each([
    ['', 'it is empty'],
    ['  ', 'it is empty'],
    [' nginx', 'white space: type the image alone, "nginx"'],
    ['docker pull nginx:1.27', 'type the image alone, "nginx:1.27"'],
    ['nginx :1', 'white space'],
    ['https://ghcr.io/a/b', 'starts with "https://": type it without, "ghcr.io/a/b"'],
    ['docker://nginx', 'type it without, "nginx"'],
    ['https://hub.docker.com/_/nginx', 'type it without, "nginx"'],
    ['https://hub.docker.com/r/xprobe/xinference/tags', 'type it without, "xprobe/xinference"'],
    ['hub.docker.com/r/xprobe/xinference', 'type the image name, "xprobe/xinference"'],
    ['https://hub.docker.com/layers/library/nginx/1.27/images/sha256-0123', 'type it without, "nginx:1.27"'],
    ['f'.repeat(64), 'ID of a local image'],
    ['docker.io/mysql:5.7 --platform linux/arm64/v8', 'type the image alone, "docker.io/mysql:5.7"'],
    ['--platform=linux/arm64 nginx:1.27', 'type the image alone, "nginx:1.27"'],
    ['nginx:1.27 amd64', 'type the image alone, "nginx:1.27"'],
    [`sha256:${'f'.repeat(64)}`, `a digest without an image: add the image, "nginx@sha256:${'f'.repeat(64)}"`],
    [`SHA256:${'F'.repeat(64)}`, 'a digest without an image'],
    [`sha256:${'f'.repeat(63)}`, 'a digest without an image'],
    [`sha512:${'f'.repeat(128)}`, 'a digest without an image'],
    [`sha256-${'f'.repeat(64)}`, 'a digest without an image'],
    [`docker.io/library/sha256:${'f'.repeat(64)}`, 'a digest without an image'],
    [`ghcr.io/team/app/sha256:${'f'.repeat(64)}`, `add the image, "ghcr.io/team/app@sha256:${'f'.repeat(64)}"`],
    [`nginx:sha256:${'f'.repeat(64)}`, `add the image, "nginx@sha256:${'f'.repeat(64)}"`],
    ['Nginx', 'the path "library/Nginx" has upper-case letters: type "nginx"'],
    ['Nginx:Bad', 'type "nginx:Bad"'],
    ['LangGenius/dify-api', 'type "langgenius/dify-api"'],
    ['ghcr.io/Owner/name', 'the path "Owner/name" has upper-case letters: type "ghcr.io/owner/name"'],
    ['ghcr.io/', 'the repository is missing'],
    ['[::1]:5000', 'the repository is missing'],
    ['/nginx', 'empty part'],
    ['nginx/', 'empty part'],
    ['ghcr.io/a//b', 'empty part'],
    ['a___b', 'the part "a___b" of the path must start and end'],
    ['a..b/c.d', 'the host "a..b" is not a host name'],
    ['ghcr.io/-a', 'the part "-a" of the path'],
    ['ghcr.io/a_', 'the part "a_" of the path'],
    ['ghcr.io/a/b$c', 'contains "$"'],
    ['ghcr.io/a/ｂ', 'contains the character U+FF42'],
    ['ghcr.io/a/\u200bb', 'contains the character U+200B'],
    [`ghcr.io/${'a'.repeat(256)}`, 'the path has 256 characters, the limit is 255'],
    ['nginx:', 'the tag after ":" is empty'],
    [`nginx:${'a'.repeat(129)}`, 'the tag has 129 characters, the limit is 128'],
    ['nginx:1.0+build', 'it is usually published as "1.0_build"'],
    ['nginx:-a', 'the tag "-a" must start with'],
    ['nginx:1:2', 'the tag "1:2" contains ":"'],
    ['nginx:1.27/a', 'the port "1.27"'],
    ['ghcr.io:/a', 'the port ""'],
    ['ghcr.io:65536/a', 'the port "65536"'],
    ['ghcr.io:0/a', 'the port "0"'],
    ['-a.b/c', 'the host "-a.b" is not a host name'],
    ['my_registry.local/a', 'the host "my_registry.local" is not a host name'],
    ['[::1/a', 'not an IPv6 address in brackets'],
    ['[1::2::3]/a', 'not an IPv6 address in brackets'],
    ['[1:2:3]/a', 'not an IPv6 address in brackets'],
    [`${'a'.repeat(250)}.com/x`, 'the host has 254 characters'],
    ['nginx@', 'the digest after "@" is empty'],
    ['nginx@latest', 'neither sha256: nor sha512:'],
    ['nginx@md5:00', 'neither sha256: nor sha512:'],
    ['nginx@sha256:abc', 'the sha256 digest has 3 characters after ":", expected 64'],
    [`nginx@sha256:${'A'.repeat(64)}`, 'not lower-case hexadecimal'],
  ])('the invalid reference %j is refused: %s', (typed, reason) => {
    const parse = (): unknown => parseImageReference(typed);

    expect(parse).toThrow(InvalidInput);
    expect(parse).toThrow(reason);
  });

  test.each([
    ['Bad:::', 'has upper-case letters, which are not allowed'],
    ['A'.repeat(300), 'has upper-case letters, which are not allowed'],
    ['docker pull nginx:', 'type the image alone'],
    ['https://ghcr.io/a//b', 'type it without'],
    ['https://hub.docker.com/_/Nginx', 'type it without'],
    ['hub.docker.com/r/Xprobe/xinference', 'type the image name'],
    ['nginx:1.0+b$', 'which no registry allows'],
  ])('%j is refused without a suggestion that would be refused too', (typed, reason) => {
    const parse = (): unknown => parseImageReference(typed);

    expect(parse).toThrow(new RegExp(`${reason}$`));
  });

  test('a long suggested name is shown whole', () => {
    const repository = `ghcr.io/${'a'.repeat(100)}`;
    const parse = (): unknown => parseImageReference(`${repository.toUpperCase()}:1`);

    expect(parse).toThrow(`type "${repository}:1"`);
  });

  test.each([
    'https://user:hunter2@ghcr.io/a/b',
    'user:hunter2@ghcr.io/a/b',
    'user:hunter2!@ghcr.io/a/b:1',
    'user:hunter2/@@ghcr.io/a',
    'user:hunter2@ghcr.io',
    'hunter2@ghcr.io/a/b',
    'docker pull user:hunter2@ghcr.io/a',
  ])('the password in %s is not repeated in the message', (typed) => {
    const parse = (): unknown => parseImageReference(typed);

    expect(parse).toThrow(InvalidInput);
    expect(parse).not.toThrow('hunter2');
  });
});

describe('addresses that were copied from a browser or a script', () => {
  test.each([
    ['docker.io/v2/library/busybox/manifests/latest:latest', 'docker.io/library/busybox:latest'],
    ['docker.io/v2/library/busybox', 'busybox'],
    ['docker.io/v2/langgenius/dify-api:1.0', 'langgenius/dify-api:1.0'],
    ['docker.io/library/busybox/manifests/1.36', 'busybox:1.36'],
    ['quay.io/v1/repositories/org/app/tags', 'quay.io/org/app'],
    ['quay.io/api/v1/repository/org/app/tag/', 'quay.io/org/app'],
    ['registry.example.com:5000/v2/team/app/manifests/1.2', 'registry.example.com:5000/team/app:1.2'],
    [`ghcr.io/v2/team/app/manifests/${sha256}`, `ghcr.io/team/app@${sha256}`],
    [`ghcr.io/v2/team/app/blobs/${sha256}`, undefined],
    ['quay.io/v2/prometheus/prometheus/tags/list', 'quay.io/prometheus/prometheus'],
    ['hub.docker.com/v2/repositories/library/nginx/tags/1.27', 'nginx:1.27'],
    ['hub.docker.com/v2/namespaces/xprobe/repositories/xinference/tags', 'xprobe/xinference'],
    ['hub.docker.com/_/nginx/tags?name=1.27', 'nginx'],
    ['hub.docker.com/r/library/redis', 'redis'],
    ['hub.docker.com/repository/docker/team/app/general', 'team/app'],
    ['hub.docker.com/layers/xprobe/xinference/v1.2.0/images/sha256-0a', 'xprobe/xinference:v1.2.0'],
    ['hub.docker.com/library/nginx:1.27', 'library/nginx:1.27'],
    ['hub.docker.com/u/team', undefined],
    ['hub.docker.com/search?q=nginx', undefined],
    ['registry.hub.docker.com/r/xprobe/xinference', 'xprobe/xinference'],
    ['docker.io/_/nginx', 'nginx'],
    ['docker.io/r/xprobe/xinference', 'xprobe/xinference'],
    ['github.com/Org/app/pkgs/container/app', 'ghcr.io/org/app'],
    ['github.com/org/app/pkgs/container/app%2Fworker/123?tag=v1.2', 'ghcr.io/org/app/worker:v1.2'],
    ['github.com/orgs/org/packages/container/package/app', 'ghcr.io/org/app'],
    ['github.com/org/app', 'ghcr.io/org/app'],
    ['quay.io/repository/prometheus/node-exporter', 'quay.io/prometheus/node-exporter'],
    ['quay.io/repository/prometheus/node-exporter?tab=tags&tag=v1.8.2', 'quay.io/prometheus/node-exporter:v1.8.2'],
    ['quay.io/repository/prometheus/node-exporter:v1.8.2', 'quay.io/prometheus/node-exporter:v1.8.2'],
    ['gallery.ecr.aws/docker/library/nginx', 'public.ecr.aws/docker/library/nginx'],
    ['mcr.microsoft.com/en-us/artifact/mar/dotnet/sdk/tags', 'mcr.microsoft.com/dotnet/sdk'],
    ['mcr.microsoft.com/product/dotnet/sdk/about', 'mcr.microsoft.com/dotnet/sdk'],
    ['catalog.ngc.nvidia.com/orgs/nvidia/containers/pytorch', 'nvcr.io/nvidia/pytorch'],
    ['catalog.ngc.nvidia.com/orgs/nvidia/teams/k8s/containers/dcgm-exporter', 'nvcr.io/nvidia/k8s/dcgm-exporter'],
    ['gitlab.com/group/project/container_registry/12', 'registry.gitlab.com/group/project'],
  ])('the address %s is refused with the image that it shows: %s', (typed, instead) => {
    const parse = (text: string) => (): unknown => parseImageReference(text);
    const proposed = instead === undefined ? /type (?:the image name|it without)/ : `, "${instead}"`;

    expect(parse(typed)).toThrow(proposed);
    expect(parse(`https://${typed}`)).toThrow(proposed);
  });
});

test.each([
  ['r/xprobe/xinference:v1.2', 'xprobe/xinference'],
  ['v2/library/busybox/manifests/1.36', 'docker.io/library/busybox:1.36'],
])(
  '%s is refused with %s, as with docker.io/ in front: the canonical form of an image is always read again',
  (typed, instead) => {
    expect(() => parseImageReference(typed)).toThrow(`, "${instead}"`);
  },
);

describe('image references of every form', () => {
  test('a printed reference is parsed back to the same reference', () => {
    fc.assert(
      fc.property(reference, (original) => {
        expect(parseImageReference(printImageReference(original))).toStrictEqual(original);
      }),
      { numRuns: 2000 },
    );
  });

  test('any text is either refused as a reference or does not change once it is canonical', () => {
    const typed = fc.oneof(fc.string(), fc.stringMatching(/^[aA.:/@_[\] 0-]{0,20}$/));
    fc.assert(
      fc.property(typed, (text) => {
        const canonical = canonicalOrRefused(text);

        expect(canonical === 'refused' ? canonical : canonicalOrRefused(canonical)).toBe(canonical);
      }),
      { numRuns: 5000 },
    );
  });
});

/** Any other error than a refusal is a fault, and passes. */
function canonicalOrRefused(text: string): string {
  try {
    return printImageReference(parseImageReference(text));
  } catch (error) {
    if (error instanceof InvalidInput) return 'refused';
    throw error;
  }
}
