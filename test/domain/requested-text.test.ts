import { isPlatformWord } from '@image-ferry/registry/platform';
import { printImageReference } from '@image-ferry/registry/reference';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { readAgain } from '../../src/domain/requested-images.js';
import { readRequestedText } from '../../src/domain/requested-text.js';
import { reference } from './arbitraries.js';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const arm = { image: 'nginx:1.27', platforms: ['linux/arm64'] };

describe('an image with its platform', () => {
  test.each([
    'nginx:1.27 --platform linux/arm64',
    'nginx:1.27 --platform=linux/arm64',
    '--platform linux/arm64 nginx:1.27',
    '--platform=linux/arm64 nginx:1.27',
    '--platform="linux/arm64" nginx:1.27',
    '—platform linux/arm64 nginx:1.27',
    'nginx:1.27 linux/arm64',
    'nginx:1.27\tlinux/arm64',
    'nginx:1.27,linux/arm64',
    'nginx:1.27, linux/arm64',
    'linux/arm64 nginx:1.27',
    'nginx:1.27 (linux/arm64)',
    'nginx:1.27 [linux/arm64]',
    'nginx:1.27@linux/arm64',
    'nginx:1.27 platform=linux/arm64',
    'image: nginx:1.27 platform: linux/arm64',
    'docker pull --platform linux/arm64 nginx:1.27',
    'docker pull --platform=linux/arm64 nginx:1.27',
    'docker pull nginx:1.27 --platform linux/arm64',
    '$ sudo docker image pull -q --platform linux/arm64 nginx:1.27',
    'podman pull --platform linux/arm64 nginx:1.27',
    'ctr -n k8s.io images pull --platform linux/arm64 nginx:1.27',
    'docker pull \\\n  --platform linux/arm64 \\\n  nginx:1.27',
    '- nginx:1.27 linux/arm64 # for the edge',
    '"nginx:1.27" "linux/arm64",',
  ])('the platform in %j applies to its image', (text) => {
    expect(readRequestedText(text)).toEqual([arm]);
  });

  test('one image may have several platforms in a text', () => {
    const images = ['nginx --platform linux/amd64,linux/arm64', 'nginx linux/amd64 linux/arm64', 'nginx all'].map(
      readRequestedText,
    );

    expect(images.map(([image]) => image?.platforms)).toEqual([
      ['linux/amd64', 'linux/arm64'],
      ['linux/amd64', 'linux/arm64'],
      ['all'],
    ]);
  });

  test('a line from DaoCloud with a platform is read as one image, not two', () => {
    expect(readRequestedText('docker.io/mysql:5.7 --platform linux/arm64/v8')).toEqual([
      { image: 'docker.io/mysql:5.7', platforms: ['linux/arm64/v8'] },
    ]);
  });
});

describe('pasted lists of images', () => {
  test.each<[string, string, readonly string[]]>([
    ['one a line, with comments', '# base\nnginx:1.27 # web\r\n\r\nredis:7\n', ['nginx:1.27', 'redis:7']],
    ['commas', 'nginx:1.27, redis:7,ghcr.io/a/b:1,', ['nginx:1.27', 'redis:7', 'ghcr.io/a/b:1']],
    ['commas and no tags', 'nginx, redis', ['nginx', 'redis']],
    ['Chinese commas', 'nginx:1.27，redis:7、alpine:3；busybox:1', ['nginx:1.27', 'redis:7', 'alpine:3', 'busybox:1']],
    ['blanks, where each has a tag', 'nginx:1.27 redis:7', ['nginx:1.27', 'redis:7']],
    [
      'brackets without quotes',
      '[a/weaviate:1.19.0,b/sandbox:0.2.10, c/d:1]',
      ['a/weaviate:1.19.0', 'b/sandbox:0.2.10', 'c/d:1'],
    ],
    ['brackets over lines', '[\n  nginx:1.27,\n  redis:7\n]', ['nginx:1.27', 'redis:7']],
    ['single quotes', "['nginx:1.27', 'redis:7']", ['nginx:1.27', 'redis:7']],
    [
      'bullets',
      '- nginx:1.27\n* redis:7\n1. alpine:3\n2) busybox:1\n- [ ] memcached:1',
      ['nginx:1.27', 'redis:7', 'alpine:3', 'busybox:1', 'memcached:1'],
    ],
    [
      'lines of YAML',
      'image: nginx:1.27\n  - image: "redis:7" # cache\n    image: ghcr.io/a/b:1',
      ['nginx:1.27', 'redis:7', 'ghcr.io/a/b:1'],
    ],
    ['a YAML list', 'images:\n  - nginx:1.27\n  - redis:7', ['nginx:1.27', 'redis:7']],
    ['quotes', '`nginx:1.27`\n“redis:7”\n<alpine:3>', ['nginx:1.27', 'redis:7', 'alpine:3']],
    [
      'commands',
      'docker pull nginx:1.27\nsudo crictl pull redis:7\nnerdctl image pull alpine:3',
      ['nginx:1.27', 'redis:7', 'alpine:3'],
    ],
    ['an IPv6 host', '[::1]:5000/app:1', ['[::1]:5000/app:1']],
    ['IPv6 hosts in a list', '[[::1]:5000/app:1, [2001:db8::1]/b:2]', ['[::1]:5000/app:1', '[2001:db8::1]/b:2']],
    [
      'names like words of this page',
      'docker:27\nregistry:2\nregistry\nimage:1',
      ['docker:27', 'registry:2', 'registry', 'image:1'],
    ],
    [
      'platforms as names of repositories',
      'docker.io/linux/arm64\namd64/nginx:1\narm64v8/redis:7',
      ['docker.io/linux/arm64', 'amd64/nginx:1', 'arm64v8/redis:7'],
    ],
    ['a digest', `nginx@${digest}\nnginx:1.27@${digest}`, [`nginx@${digest}`, `nginx:1.27@${digest}`]],
    ['nothing', ' \n# nothing\n[]\n', []],
  ])('images are read from %s', (_what, text, images) => {
    expect(readRequestedText(text)).toEqual(images.map((image) => ({ image })));
  });
});

describe('text that is not fully understood', () => {
  test.each([
    ['linux/arm64', 'it is a platform without an image: type "nginx:1.27 --platform linux/arm64"'],
    ['--platform linux/arm64', 'it is a platform without an image'],
    ['nginx:1.27 --platform', 'no platform follows --platform'],
    ['nginx:1.27 arm64', 'did you mean "linux/arm64"?'],
    ['nginx:1.27 --platform arm64', 'did you mean "linux/arm64"?'],
    ['nginx:1.27 redis:7 linux/arm64', 'a platform is given for 2 images'],
    ['nginx:1.27, redis:7 --platform linux/arm64', 'a platform is given for 2 images'],
    ['nginx 1.27', 'type "nginx:1.27"'],
    ['nginx,latest', 'type "nginx:latest"'],
    ['1.27', 'looks like a tag without its image'],
    ['80:80', 'a name does not consist of digits alone'],
    ['nginx latest 39286ab8a5e1 2 weeks ago 192MB', '"latest" looks like a tag'],
    ['REPOSITORY TAG IMAGE ID CREATED SIZE', 'not every word is an image'],
    ['image,platform', 'the heading of a table'],
    ['| nginx:1.27 | linux/arm64 |', 'it is a row of a table: type "nginx:1.27" alone'],
    ['please mirror nginx:1.27 soon', 'type the image alone, "nginx:1.27"'],
    ['nginx redis', 'separate images with commas'],
    ['gcr.io/a/b:1 -> mirror/b:1', 'it renames the copy, which a request cannot do: type "gcr.io/a/b:1" alone'],
    ['gcr.io/a/b:1 => mirror/b:1', 'type "gcr.io/a/b:1" alone'],
    ['gcr.io/a/b:1→mirror/b:1', 'type "gcr.io/a/b:1" alone'],
    ['gcr.io/a/b:1=mirror/b:1', 'type "gcr.io/a/b:1" alone'],
    ['registry.k8s.io/kube-apiserver:v1.27.4$my-apiserver:x', 'type "registry.k8s.io/kube-apiserver:v1.27.4" alone'],
    ['gcr.io/a/b:1 as web', 'type "gcr.io/a/b:1" alone'],
    ['gcr.io/a/b:1 mirror/b:1', 'type "gcr.io/a/b:1" alone'],
    ['quay.io/coreos/kube-rbac-proxy: quay.io/ruohe/kube-rbac-proxy', 'type "quay.io/coreos/kube-rbac-proxy" alone'],
    ['docker tag nginx:1.27 mirror/nginx:1.27', 'sets the destination'],
    ['skopeo copy docker://nginx:1.27 docker://r.example.com/nginx:1.27', 'type "nginx:1.27" alone'],
    ['crane copy nginx:1.27 r.example.com/nginx:1.27', 'type "nginx:1.27" alone'],
    ['docker run -d -p 80:80 nginx:1.27', 'it is a command of docker, not an image: type "nginx:1.27" alone'],
    ['FROM nginx:1.27 AS web', 'type "nginx:1.27" alone'],
    ['docker pull nginx:1.27 && docker pull redis:7', 'several commands'],
    ['docker pull nginx:1.27; docker pull redis:7', 'several commands'],
    ['docker pull', 'it is a command of docker'],
    ['docker pull -a nginx', 'unknown option "-a"'],
    ['${IMAGE}', 'a placeholder without a value'],
    ['nginx:${TAG}', 'a placeholder without a value'],
    ['{{ image }}', 'a placeholder without a value'],
    ['None', 'the program that wrote it had no value'],
    ['name: web', 'it is YAML with keys such as "name"'],
  ])('the text %s is refused whole: %s', (text, reason) => {
    const read = readRequestedText(text);

    expect(read).toEqual([{ image: text, refused: expect.stringContaining(reason) }]);
  });

  test.each([
    [
      'a compose file',
      'services:\n  web:\n    image: nginx:1.27\n    depends_on:\n      - redis\n    ports:\n      - "80:80"',
    ],
    ['a list of objects', '- image: nginx:1.27\n  platform: linux/arm64'],
    ["image-syncer's YAML of short names", 'nginx: r.example.com/nginx\nredis: r.example.com/redis'],
  ])('no image is read from %s', (_what, text) => {
    const read = readRequestedText(text);

    expect(read).toEqual([{ image: text, refused: expect.stringContaining('it is YAML with keys such as') }]);
  });

  test('a text with a platform on a line of its own is refused whole', () => {
    const read = readRequestedText('nginx:1.27\n--platform linux/arm64\nredis:7');

    expect(read.map(({ refused }) => refused)).toEqual(
      [1, 2, 3].map(() => expect.stringContaining('on a line of its own')),
    );
  });

  test('blanks do not separate images in a list of several lines, since they separate columns', () => {
    const [first, second] = readRequestedText('gcr.io/a/b:1 mirror/other:1\nredis:7');

    expect(first?.refused).toContain('write one image per line');
    expect(second).toEqual({ image: 'redis:7' });
  });

  test('a refused line contains no password', () => {
    const [read] = readRequestedText('docker run user:hunter2@ghcr.io/a/b:1');

    expect(read?.refused).toBeDefined();
    expect(JSON.stringify(read)).not.toContain('hunter2');
  });

  test('a very long text is refused quickly, with a short reason', () => {
    const texts = [
      '('.repeat(500_000),
      'a '.repeat(500_000),
      `${'# '.repeat(500_000)}`,
      `${'nginx '.repeat(2)}${','.repeat(500_000)}`,
    ];

    for (const text of texts) expect(JSON.stringify(readRequestedText(text)).length).toBeLessThan(3_000);
  });
});

describe('references in any surroundings', () => {
  /** As typed, with a tag or a digest, so that no word of a sentence is like it. */
  const written = reference.map(printImageReference).filter((text) => !isPlatformWord(text) && !/^\d+:\d+$/.test(text));
  const platform = fc.constantFrom('linux/amd64', 'linux/arm64', 'linux/arm/v7', 'windows/amd64', 'all');
  const bullet = fc.constantFrom(
    '',
    '- ',
    '* ',
    '  ',
    '1. ',
    '• ',
    '- [ ] ',
    'image: ',
    '- image: ',
    '$ docker pull ',
    'docker pull -q ',
  );
  const quote = fc.constantFrom(
    ['', ''],
    ['"', '"'],
    ["'", "'"],
    ['`', '`'],
    ['“', '”'],
    ['(', ')'],
    ['[', ']'],
    ['<', '>'],
  );
  const tail = fc.constantFrom('', ',', ' ,', ';', '，', ' # comment, with:1 words', '\t#x:1');
  const end = fc.constantFrom('\n', '\r\n', '\n\n', '\n# nginx:1\n', '\u2028');
  const beside = fc.oneof(
    fc.constant((image: string) => ({ text: image, platforms: undefined as readonly string[] | undefined })),
    fc
      .tuple(platform, fc.constantFrom('before', 'after', 'option', 'equals', 'comma', 'tab'))
      .map(([one, where]) => (image: string) => ({ text: placed(image, one, where), platforms: [one] })),
  );
  const line = fc.record({ image: written, bullet, quote, tail, end, beside });

  test('references are read from lines with bullets, quotes, comments, commands and platforms', () => {
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
        const made = lines.map((one) => one.beside(`${one.quote[0]}${one.image}${one.quote[1]}`));
        const text = lines.map((one, index) => `${one.bullet}${made[index]?.text}${one.tail}${one.end}`).join('');

        expect(readRequestedText(text)).toEqual(
          lines.map(({ image }, index) => {
            const platforms = made[index]?.platforms;
            return platforms === undefined ? { image } : { image, platforms };
          }),
        );
      }),
      { numRuns: 1_500 },
    );
  });

  test('references are read from lists in brackets, with or without quotes', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 6 }), fc.constantFrom('', '"', "'"), (images, mark) => {
        const text = `[${images.map((image) => `${mark}${image}${mark}`).join(', ')}]`;

        expect(readAgain(text)).toEqual(images.map((image) => ({ image })));
      }),
      { numRuns: 500 },
    );
  });

  test('from a line with other words next to a reference, only the reference or nothing is accepted', () => {
    const junk = fc.oneof(
      fc.constantFrom(
        '->',
        '=>',
        '→',
        'as',
        'to',
        'please',
        'linux',
        'v2',
        'latest',
        'docker',
        'pull',
        '--all',
        '&&',
        '|',
        '-',
        'image:',
      ),
      fc.string({ minLength: 1, maxLength: 12 }).filter((text) => /^[^,;，、；#\s:/@=]+$/.test(text)),
    );
    fc.assert(
      fc.property(
        written,
        fc.array(junk, { maxLength: 3 }),
        fc.array(junk, { maxLength: 3 }),
        (image, before, after) => {
          const read = readRequestedText([...before, image, ...after].join(' '));

          expect(read.filter((one) => one.refused === undefined && one.image !== image)).toEqual([]);
          expect(read).toHaveLength(1);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('parsing a parsed text again gives the same result', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:/@ ,[\]"'-]{0,40}$/)), (text) => {
        const read = readRequestedText(text);

        expect(read.flatMap(readAgain)).toEqual(read);
      }),
      { numRuns: 3_000 },
    );
  });

  function placed(image: string, one: string, where: string): string {
    switch (where) {
      case 'before':
        return `${one} ${image}`;
      case 'option':
        return `${image} --platform ${one}`;
      case 'equals':
        return `--platform=${one} ${image}`;
      case 'comma':
        return `${image},${one}`;
      case 'tab':
        return `${image}\t${one}`;
      default:
        return `${image} ${one}`;
    }
  }
});
