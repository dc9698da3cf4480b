import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { buildIdOf } from '../../src/composition/build-id.js';
import { packageVersion } from '../../src/config/package-folder.js';

test('the build ID is the version of the package with a hash of the workflow code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-build-id-'));
  const bundle = (code: string): string => {
    writeFileSync(join(folder, 'bundle.cjs'), code);
    return buildIdOf(join(folder, 'bundle.cjs'));
  };

  const [one, same, other] = [bundle('a'), bundle('a'), bundle('b')];
  rmSync(folder, { recursive: true });

  expect(one).toBe(`${packageVersion()}-ca978112ca1b`);
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});
