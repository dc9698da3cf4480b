import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { MadeUpManifests } from '../../../test/support/made-up-manifests.js';
import { registryProcesses } from '../../../test/support/measured-registry-work.js';
import type { RegistryProcesses, RegistryWork } from '../../../test/support/measured-registry-work.js';
import { mediaTypes, placeImage } from '../../../test/support/scripted-images.js';
import { ScriptedRegistry, answer, sha256 } from '../../../test/support/scripted-registry.js';

const repository = 'team/app';
const mostBytes = 150_000_000;
const largeManifest = 7_900_000;

let processes: RegistryProcesses;
beforeAll(() => {
  processes = registryProcesses();
}, 60_000);
afterAll(() => processes.remove());

/** Scripts a source, gives the process its work, and returns the result. */
async function attack(
  script: (source: ScriptedRegistry) => Partial<RegistryWork>,
): ReturnType<RegistryProcesses['measure']> {
  const [source, target] = await Promise.all([ScriptedRegistry.start(), ScriptedRegistry.start()]);
  onTestFinished(async () => {
    await Promise.all([source.stop(), target.stop()]);
  });
  const work = { host: source.host, target: target.host, images: [`${repository}:v1`], ...script(source) };
  return await processes.measure(work);
}

test('an image whose index lists 2,000 manifests of 8 MB with their sizes is refused before one of them is read', async () => {
  const { told, peakBytes } = await attack((source) => {
    const made = new MadeUpManifests(source, repository);
    made.index('v1', digestsOf(1_990), 8_000_000);
    return {};
  });

  expect(told.join()).toMatch(
    /^manifest-too-large, block: .* has 1592\d+ bytes in 1991 manifests, by its index; .*12582912/,
  );
  expect(peakBytes).toBeLessThan(mostBytes);
});

test('an index that hides the sizes of its manifests is read no further than the limit, and not kept', async () => {
  const { told, peakBytes } = await attack((source) => {
    const made = new MadeUpManifests(source, repository);
    const large = Array.from({ length: 8 }, (_, n) => made.image(n, largeManifest));
    made.index('v1', [...large, ...digestsOf(1_900)], 500);
    return {};
  });

  expect(told.join()).toMatch(
    /^manifest-too-large, block: .* has more than 1\d{7} bytes in \d of its manifests; .*12582912/,
  );
  expect(peakBytes).toBeLessThan(mostBytes);
});

test('an image slightly below the limit is copied within the same memory', async () => {
  const { told, peakBytes } = await attack((source) => {
    const made = new MadeUpManifests(source, repository);
    const large = Array.from({ length: 45 }, (_, n) => made.image(n, 260_000));
    made.index('v1', large, 260_000);
    return {};
  });

  expect(told).toEqual(['copied']);
  expect(peakBytes).toBeLessThan(mostBytes);
});

test('four such images at the same time do not add up in memory', async () => {
  const { told, peakBytes } = await attack((source) => {
    const made = new MadeUpManifests(source, repository);
    const images = Array.from({ length: 4 }, (_, image) => {
      const large = Array.from({ length: 4 }, (_each, n) => made.image(image * 10 + n, largeManifest));
      made.index(`v${image}`, large, 500);
      return `${repository}:v${image}`;
    });
    return { images };
  });

  expect(told).toHaveLength(4);
  for (const one of told) expect(one).toMatch(/^manifest-too-large, block: /);
  expect(peakBytes).toBeLessThan(mostBytes);
}, 60_000);

test('referrers tags count towards the limit of the image that they are about', async () => {
  const { told, peakBytes } = await attack((source) => {
    const made = new MadeUpManifests(source, repository);
    made.index(
      'v1',
      Array.from({ length: 30 }, (_, n) => made.image(n, 500)),
      500,
    );
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [], padding: 'x'.repeat(largeManifest) }));
    source.when('GET', /manifests\/sha256-/, ({ response }) =>
      answer(response, 200, { 'content-type': mediaTypes.index }, body),
    );
    return { withReferrers: true };
  });

  expect(told.join()).toMatch(/^manifest-too-large, block: .*12582912.*without referrers/);
  expect(peakBytes).toBeLessThan(mostBytes);
});

test("cosign's tags count towards the limit, too, if a registry answers no HEAD", async () => {
  const { told, peakBytes } = await attack((source) => {
    placeImage(source, repository);
    source.when('HEAD', /manifests\/sha256-/, ({ response }) => answer(response, 405));
    let number = 0;
    source.when('GET', /manifests\/sha256-[0-9a-f]+\./, ({ response }) =>
      answer(
        response,
        200,
        { 'content-type': mediaTypes.manifest },
        Buffer.from(`{"n":${number++},"x":"${'x'.repeat(largeManifest)}"}`),
      ),
    );
    return { withReferrers: true };
  });

  expect(told.join()).toMatch(/^manifest-too-large, block: /);
  expect(peakBytes).toBeLessThan(mostBytes);
});

test('manifests with too many JSON values are refused before they are parsed', async () => {
  const { told, peakBytes } = await attack((source) => {
    const bytes = Buffer.from(`{"schemaVersion":2,"layers":[${'[],'.repeat(2_000_000)}[]]}`);
    source.putManifest(repository, 'v1', { mediaType: mediaTypes.manifest, bytes });
    return {};
  });

  expect(told.join()).toMatch(/^manifest-unsupported, block: .*JSON with more than 250000 values/);
  expect(peakBytes).toBeLessThan(mostBytes);
});

test('a body that arrives byte by byte takes no more memory than its bytes', async () => {
  const { told, peakBytes } = await attack((source) => {
    source.when('GET', /manifests\/v1/, ({ response }) => {
      response.socket?.end(
        `HTTP/1.1 200 OK\r\ncontent-type: ${mediaTypes.manifest}\r\ntransfer-encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(1_000_000)}0\r\n\r\n`,
      );
    });
    source.when('HEAD', /manifests\/v1/, ({ response }) => answer(response, 405));
    return {};
  });

  expect(told.join()).toMatch(/^protocol, /);
  expect(peakBytes).toBeLessThan(mostBytes);
});

test('a list of tags at its limits stays below the memory limit, too', async () => {
  const { told, peakBytes } = await attack((source) => {
    let page = 0;
    source.when('GET', /tags\/list/, ({ response }) => {
      page++;
      const tags = Array.from({ length: 1_000 }, (_, n) => `${page}-${n}-`.padEnd(128, 'x'));
      answer(response, 200, { link: `<?n=1000&last=${page}>; rel="next"` }, Buffer.from(JSON.stringify({ tags })));
    });
    return { tags: repository };
  });

  expect(told.join()).toMatch(/its list of tags has no end after (33554432 bytes|200 pages|200000 tags)/);
  expect(peakBytes).toBeLessThan(mostBytes);
});

function digestsOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => sha256(Buffer.from(String(n))));
}
