import { randomBytes } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { placeImage } from '../../../test/support/scripted-images.js';
import { answer } from '../../../test/support/scripted-registry.js';
import type { Exchange, ScriptedRegistry } from '../../../test/support/scripted-registry.js';
import {
  clientFor,
  impatient,
  repository,
  requestFor,
  sourceAndTarget,
  sourceAndTwoTargets,
  targetAt,
  targetRepository,
  streaming,
} from '../../../test/support/scripted-set-up.js';
import { copyImage } from '../src/copy-image.js';
import type { CopyProgress } from '../src/copy-types.js';

/** As nginx does: refuses by the head alone, before it reads the body. */
function limitBodies(registry: ScriptedRegistry, limitBytes: number): void {
  registry.continues = false;
  registry.when('PATCH', /uploads/, ({ request, response, ordinary }) => {
    if (Number(request.headers['content-length']) > limitBytes) {
      answer(response, 413, { connection: 'close' });
      return;
    }
    response.writeContinue();
    return ordinary();
  });
}

function announced({ requests }: ScriptedRegistry): readonly string[] {
  return requests.flatMap(({ headers }) => (headers.expect === undefined ? [] : [String(headers['content-length'])]));
}

describe('a body that is longer than any before', () => {
  test('a longer body is refused before the first byte of any layer is sent, and the other target gets everything', async () => {
    const [source, target, other] = await sourceAndTwoTargets();
    const image = placeImage(source, repository, {
      layers: [30_000, 300_000, 90_000, 70_000].map((bytes) => randomBytes(bytes)),
    });
    limitBodies(target, 200_000);
    const sent: CopyProgress[] = [];

    const report = await copyImage(clientFor([source, target, other]), requestFor(source, [target, other]), {
      onProgress: (event) => (event.type === 'sent' && event.target === 'target-1' ? sent.push(event) : undefined),
    });

    expect(report.failures).toMatchObject([{ target: 'target-1', failure: { code: 'blob-too-large' } }]);
    expect(sent).toEqual([]);
    expect(target.count('PUT', /uploads/)).toBe(0);
    expect(other.manifest(targetRepository, 'v1')?.bytes).toEqual(image.bytes);
  });

  test('a longer body is announced with Expect once, and shorter ones are not', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [300_000, 200_000, 100_000].map((bytes) => randomBytes(bytes)) });
    const client = clientFor([source, target]);
    await copyImage(client, requestFor(source, [target]));
    placeImage(source, repository, { layers: [290_000, 400_000].map((bytes) => randomBytes(bytes)) });

    const { failures } = await copyImage(client, requestFor(source, [target]));

    expect(failures).toEqual([]);
    expect(announced(target)).toEqual(['300000', '400000']);
  });

  test('a longer body is sent to a server that ignores Expect, and later ones without Expect', async () => {
    const [source, target] = await sourceAndTarget();
    const layers = [300_000, 400_000, 500_000].map((bytes) => randomBytes(bytes));
    target.continues = false;
    const client = clientFor([source, target], { timing: { ...impatient, continueMs: 20 } });

    for (const layer of layers) {
      placeImage(source, repository, { layers: [layer] });
      const { failures } = await copyImage(client, requestFor(source, [target]));
      expect(failures).toEqual([]);
    }

    expect(announced(target)).toEqual(['300000']);
  });

  test('a longer body is sent without Expect to a server that refuses Expect', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(300_000)] });
    target.continues = false;
    target.when('PATCH', /uploads/, ({ request, response, ordinary }) =>
      request.headers.expect === undefined ? ordinary() : answer(response, 417, { connection: 'close' }),
    );

    const { failures } = await copyImage(clientFor([source, target], streaming), requestFor(source, [target]));

    expect(failures).toEqual([]);
  });

  test('a server that answers 417 to a body without Expect, too, is given up', async () => {
    const [source, target] = await sourceAndTarget();
    placeImage(source, repository, { layers: [randomBytes(300_000)] });
    target.when('PATCH', /uploads/, ({ response }) => answer(response, 417, { connection: 'close' }));

    const { failures } = await copyImage(
      clientFor([source, target], { timing: impatient }),
      requestFor(source, [target]),
    );

    expect(failures).toMatchObject([{ failure: { status: 417 } }]);
  });

  test('if a server accepts Expect and then refuses the body, the source is read no further than the bytes in flight', async () => {
    const [source, target] = await sourceAndTarget();
    const layer = randomBytes(60_000_000);
    placeImage(source, repository, { layers: [layer] });
    const refuse = ({ response }: Exchange): void => answer(response, 413, { connection: 'close' });
    target.when('PATCH', /uploads/, refuse);

    const report = await copyImage(
      clientFor([source, target], streaming),
      requestFor(source, [], { targets: [targetAt(target)] }),
    );

    expect(report.failures).toMatchObject([{ failure: { code: 'blob-too-large' } }]);
    expect(report.bytesRead).toBeLessThan(layer.length / 2);
  });
});
