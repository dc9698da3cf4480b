import { join } from 'node:path';

import { expect, test } from 'vitest';

import { startChild } from '../../demo/child-process.js';
import { projectRoot } from '../support/tools.js';

const atMostMs = 300_000;

test(
  'the demo ends well: every image on both targets, although the worker was killed on the way',
  async () => {
    const child = startChild(process.execPath, [join(projectRoot, 'dist', 'demo', 'main.js')], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const pipe of [child.stdout, child.stderr]) pipe?.setEncoding('utf8').on('data', (text) => (output += text));

    const status = await new Promise((resolve) => child.once('close', resolve));

    expect(output).toContain('all as expected');
    expect(output).toContain('nothing is left running');
    expect(output.match(/ yes, by skopeo /g)).toHaveLength(10);
    expect(status).toBe(0);
  },
  atMostMs,
);
