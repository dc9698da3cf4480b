import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { projectRoot } from '../support/tools.js';

const folder = join(projectRoot, 'dist', 'ferry');
/** What is only in the libraries. */
const marks = { 'prom-client': 'collectDefaultMetrics', OpenTelemetry: 'BatchSpanProcessor' } as const;

describe.each(['main.js', 'worker-main.js', 'worker-process.js', 'server-main.js'])('the compiled %s', (entry) => {
  test.each(Object.entries(marks))('loads %s only when it is configured', (_, mark) => {
    const loaded = staticImports(entry);

    expect(loaded.filter((file) => textOf(file).includes(mark))).toEqual([]);
  });
});

test.each(Object.entries(marks))('%s is in a file of its own', (_, mark) => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.js') && textOf(file).includes(mark));

  expect(files.length).toBeGreaterThan(0);
});

/** All files that Node loads before a line of the entry runs. */
function staticImports(entry: string, seen: Set<string> = new Set()): readonly string[] {
  if (seen.has(entry)) return [];
  seen.add(entry);
  for (const [, file = ''] of textOf(entry).matchAll(/^(?:import|export)\b[^;'"]*?["']\.\/([^"']+\.js)["']/gm)) {
    staticImports(file, seen);
  }
  return [...seen];
}

function textOf(file: string): string {
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
