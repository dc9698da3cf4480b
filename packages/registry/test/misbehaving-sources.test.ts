import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { MadeUpManifests } from '../../../test/support/made-up-manifests.js';
import { registryProcesses } from '../../../test/support/measured-registry-work.js';
import type { RegistryProcesses, RegistryWork } from '../../../test/support/measured-registry-work.js';
import { mediaTypes, placeImage, placeIndex, placeManifest } from '../../../test/support/scripted-images.js';
import type { PlacedManifest } from '../../../test/support/scripted-images.js';
import { ScriptedRegistry, answer, sha256 } from '../../../test/support/scripted-registry.js';
import type { Exchange } from '../../../test/support/scripted-registry.js';

const repository = 'team/app';
/** Compared with what the same process needs for an ordinary image. */
const mostExtraBytes = 61_000_000;
const mostCpuMs = 3_000;

let processes: RegistryProcesses;
let ordinaryBytes: number;

beforeAll(async () => {
  processes = registryProcesses();
  ordinaryBytes = (await run((source) => void placeImage(source, repository))).peakBytes;
}, 60_000);
afterAll(() => processes.remove());

type Script = (source: ScriptedRegistry) => void | Partial<RegistryWork>;

async function run(script: Script): ReturnType<RegistryProcesses['measure']> {
  const [source, target] = await Promise.all([ScriptedRegistry.start(), ScriptedRegistry.start()]);
  try {
    const work = { host: source.host, target: target.host, images: [`${repository}:v1`], ...script(source) };
    return await processes.measure(work);
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}

/** Sends as much as the client reads. */
function endless({ response }: Exchange, headers: Record<string, string>): void {
  response.writeHead(200, headers);
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 'x')));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

const noHead = (source: ScriptedRegistry): void =>
  source.when('HEAD', /manifests/, ({ response }) => answer(response, 405));
const manifestType = { 'content-type': mediaTypes.manifest };

const sources: readonly (readonly [what: string, script: Script, reason: RegExp])[] = [
  [
    'a manifest without end',
    (source) => {
      noHead(source);
      source.when('GET', /manifests/, (exchange) => endless(exchange, manifestType));
    },
    /^manifest-too-large, block: .* more than 8388608 bytes/,
  ],
  [
    'a manifest of an impossible length',
    (source) => {
      noHead(source);
      source.when('GET', /manifests/, (exchange) =>
        endless(exchange, { ...manifestType, 'content-length': '9007199254740991' }),
      );
    },
    /^manifest-too-large, block: .* more than 8388608 bytes/,
  ],
  [
    'an index of more manifests than any',
    (source) => {
      const digests = Array.from({ length: 30_000 }, (_, n) => sha256(Buffer.from(String(n))));
      new MadeUpManifests(source, repository).index('v1', digests, 1);
    },
    /^manifest-too-large, block: .* in 30001 manifests, by its index/,
  ],
  [
    'an index whose entries name no platform and whose configs are large',
    (source) => {
      const children = Array.from({ length: 8 }, (_, n) => withConfigOf(source, n, 3_000_000));
      placeIndex(source, repository, children);
      return { platforms: [{ os: 'linux', architecture: 'amd64' }] };
    },
    /^manifest-too-large, block: /,
  ],
  [
    'indexes within indexes',
    (source) => {
      let inner: PlacedManifest = placeImage(source, repository);
      for (let level = 0; level < 50; level++) inner = placeIndex(source, repository, [inner]);
    },
    /^manifest-unsupported, block: .*more than 5 levels/,
  ],
  [
    'JSON of more levels than any',
    (source) => {
      const deep = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
      source.putManifest(repository, 'v1', {
        mediaType: mediaTypes.manifest,
        bytes: Buffer.from(`{"layers":${deep}}`),
      });
    },
    /^manifest-unsupported, block: .*JSON with more than 100 levels/,
  ],
  [
    'a layer of an impossible size',
    (source) => {
      const { config } = placeImage(source, repository);
      const layer = { mediaType: mediaTypes.layer, digest: config, size: 2 ** 60 };
      placeManifest(source, repository, {
        tag: 'v1',
        mediaType: mediaTypes.manifest,
        content: {
          schemaVersion: 2,
          config: { mediaType: mediaTypes.config, digest: config, size: -1 },
          layers: [layer],
        },
      });
    },
    /^manifest-unsupported, block: .*gives no size for sha256:/,
  ],
  [
    'a layer that never ends',
    (source) => {
      const image = placeImage(source, repository);
      source.when('GET', new RegExp(`blobs/${image.layers[0]}`), (exchange) => endless(exchange, {}));
    },
    /^source-corrupt, block: .*bytes/,
  ],
  [
    'a head without end',
    (source) => {
      source.when('HEAD', /manifests/, ({ response }) => {
        const lines = Array.from({ length: 20_000 }, (_, n) => `x-${n}: ${'y'.repeat(1_000)}\r\n`);
        response.socket?.end(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n`);
      });
    },
    /^(unreachable|protocol), retry: .*[Hh]eader/,
  ],
  [
    'interim answers without end',
    (source) => {
      source.when('HEAD', /manifests/, ({ response }) => {
        const { socket } = response;
        const more = setInterval(() => socket?.write('HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n'.repeat(100)), 5);
        socket?.once('close', () => clearInterval(more));
      });
      return { answerMs: 150 };
    },
    /^unreachable, retry: .*no answer within/,
  ],
  [
    "a redirect to where a cloud keeps a machine's secrets",
    (source) => {
      source.when('GET', /blobs/, ({ response }) =>
        answer(response, 307, { location: 'http://169.254.169.254/latest/meta-data/' }),
      );
      placeImage(source, repository);
    },
    /^private-address, block: .*169\.254\.169\.254/,
  ],
  [
    'a token service where a cloud keeps secrets',
    (source) => {
      source.when('HEAD', /manifests/, ({ response }) =>
        answer(response, 401, { 'www-authenticate': 'Bearer realm="http://169.254.169.254/token"' }),
      );
    },
    /^private-address, block: .*169\.254\.169\.254/,
  ],
  [
    'redirects in a circle',
    (source) => {
      source.when('GET', /blobs/, ({ response, path }) => answer(response, 307, { location: path }));
      placeImage(source, repository);
    },
    /^protocol, block: .*redirects more than 10 times/,
  ],
  [
    'a redirect to a file',
    (source) => {
      source.when('GET', /blobs/, ({ response }) => answer(response, 307, { location: 'file:///etc/passwd' }));
      placeImage(source, repository);
    },
    /^protocol, block: .*redirects to file:.*no address of HTTP.*was not followed/,
  ],
  [
    'gzip where none was accepted, which would be large',
    (source) => {
      const image = placeImage(source, repository);
      source.when('GET', new RegExp(image.digest), ({ response }) =>
        answer(response, 200, { ...manifestType, 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(50_000_000))),
      );
    },
    /^source-corrupt, block: .*Content-Encoding gzip/,
  ],
  [
    'challenges without end',
    (source) => {
      for (const method of ['HEAD', 'GET']) {
        source.when(method, /manifests/, ({ response }) =>
          answer(response, 401, { 'www-authenticate': `Bearer realm="/token",${'x="\\\\",'.repeat(1_200)}y="` }),
        );
      }
      source.when('GET', /^\/token/, ({ response }) =>
        answer(response, 200, {}, Buffer.from(JSON.stringify({ token: 't'.repeat(500), expires_in: 1e300 }))),
      );
    },
    /^unauthorized, block: /,
  ],
  [
    'a token without end',
    (source) => {
      source.when('HEAD', /manifests/, ({ response }) =>
        answer(response, 401, { 'www-authenticate': 'Bearer realm="/token"' }),
      );
      source.when('GET', /^\/token/, (exchange) => endless(exchange, {}));
    },
    /^protocol, block: .*its token service .*more than 1048576 bytes/,
  ],
  [
    'a token longer than any header',
    (source) => {
      source.when('HEAD', /manifests/, ({ response }) =>
        answer(response, 401, { 'www-authenticate': 'Bearer realm="/token"' }),
      );
      const body = Buffer.from(JSON.stringify({ token: 't'.repeat(500_000) }));
      source.when('GET', /^\/token/, ({ response }) => answer(response, 200, {}, body));
    },
    /^protocol, retry: .*its token service .*without a token/,
  ],
  [
    'errors without end',
    (source) => {
      noHead(source);
      source.when('GET', /manifests/, ({ response }) => {
        response.writeHead(500);
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, '<')));
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      });
    },
    /^server-error, retry: .*answered 500/,
  ],
  [
    'a list of tags in a circle of growing pages',
    (source) => {
      let page = 0;
      source.when('GET', /tags\/list/, ({ response }) =>
        answer(response, 200, { link: `<?last=${++page}>; rel=next` }, Buffer.from(JSON.stringify({ tags: ['v1'] }))),
      );
      return { tags: repository };
    },
    /^protocol, block: .*no end after 200 pages/,
  ],
];

test.each(sources)(
  '%s: the copy ends soon, in little memory, with a reason',
  async (_what, script, reason) => {
    const { told, cpuMs, peakBytes } = await run(script);

    expect(told.join()).toMatch(reason);
    expect(peakBytes - ordinaryBytes).toBeLessThan(mostExtraBytes);
    expect(cpuMs).toBeLessThan(mostCpuMs);
  },
  60_000,
);

/** An image with a config of this size in bytes. */
function withConfigOf(source: ScriptedRegistry, number: number, bytes: number): PlacedManifest {
  const config = Buffer.from(JSON.stringify({ number, os: 'linux', architecture: 'arm', padding: 'x'.repeat(bytes) }));
  source.putBlob(repository, config);
  return placeManifest(source, repository, {
    tag: `child-${number}`,
    mediaType: mediaTypes.manifest,
    content: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: sha256(config), size: config.length },
      layers: [],
    },
  });
}
