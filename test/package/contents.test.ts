import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { npm } from '../support/npm.js';
import { projectRoot } from '../support/tools.js';

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

let packed: readonly string[];
const textOf = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');
const packageJson = JSON.parse(textOf('package.json')) as PackageJson;

beforeAll(() => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const [result] = JSON.parse(npm(args, { cwd: projectRoot })) as readonly { files: readonly { path: string }[] }[];
  packed = result?.files.map(({ path }) => path) ?? [];
});

test('the npm package has the bundled code, its licenses, what `ferry setup` builds, and pages for users; nothing else', () => {
  const pages = readdirSync(join(projectRoot, 'docs')).filter((name) => name.endsWith('.md'));
  const expected = [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'README.zh-CN.md',
    'bin/ferry',
    'dist/ferry/THIRD-PARTY-LICENSES.txt',
    'dist/ferry/console/THIRD-PARTY-LICENSES.txt',
    'dist/ferry/console/ferry.svg',
    'dist/ferry/console/index.html',
    'dist/ferry/main.js',
    'dist/ferry/server-main.js',
    'dist/ferry/temporal.cjs',
    'dist/ferry/worker-main.js',
    'dist/ferry/worker-process.js',
    'dist/ferry/workflow-bundle.cjs',
    'package.json',
    'scripts/tools/temporal/go.mod',
    'scripts/tools/temporal/go.sum',
    ...pages.map((name) => `docs/${name}`),
  ];

  const isChunk = (path: string): boolean =>
    /^dist\/ferry\/[\w-]+-[\w-]{8}\.js$/.test(path) ||
    /^dist\/ferry\/console\/assets\/[\w-]+-[\w-]{8}\.(js|css)(\.br|\.gz)?$/.test(path);

  expect(packed.filter((path) => !isChunk(path)).sort()).toEqual(expected.sort());
  expect(packed.some(isChunk)).toBe(true);
});

test('no file of the npm package names a folder of the machine that packed it', () => {
  const naming = packed.filter((path) => textOf(path).includes(projectRoot) || textOf(path).includes(`${homedir()}/`));

  expect(naming).toEqual([]);
});

test('every file that code in the npm package imports is in it, and nothing of an earlier build', () => {
  const code = packed.filter((path) => /^dist\/ferry\/[^/]*\.js$/.test(path));
  const reached = new Set(['main.js', 'worker-main.js', 'server-main.js']);
  for (const name of reached)
    for (const { path } of importsOf(name)) if (path.startsWith('./')) reached.add(path.slice(2));

  expect(code.map((path) => path.slice('dist/ferry/'.length)).sort()).toEqual([...reached].sort());
});

test('the packages that bundled code loads from node_modules are the dependencies; bundled ones are installed for no user', () => {
  const code = packed
    .filter((path) => /^dist\/ferry\/[^/]*\.js$/.test(path))
    .map((path) => path.slice('dist/ferry/'.length));
  const loaded = code
    .flatMap(importsOf)
    .map(({ path }) => path)
    .filter((path) => !path.startsWith('.') && !isBuiltin(path))
    .map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    );

  // http-proxy-agent loads it for a proxy that wants Kerberos; without it that login is not tried.
  const optional = ['kerberos'];

  expect([...new Set(loaded)].sort()).toEqual([...Object.keys(packageJson.dependencies), ...optional].sort());
});

test('the licenses of the packages in the console go with it', () => {
  const licenses = textOf('dist/ferry/console/THIRD-PARTY-LICENSES.txt');

  for (const name of ['@mantine/core', '@tanstack/react-router', 'i18next', 'react', 'uplot']) {
    expect(licenses).toMatch(new RegExp(`^${name} \\d`, 'm'));
  }
});

test('the licenses of the packages in the bundle go with it', () => {
  const licenses = textOf('dist/ferry/THIRD-PARTY-LICENSES.txt');

  for (const name of ['commander', 'kysely', 'mysql2', 'zod', '@octokit/webhooks']) {
    expect(licenses).toContain(`${name} ${packageJson.devDependencies[name] ?? ''}\n\n`);
  }
});

/** Static and dynamic imports of a file of the bundle. */
function importsOf(name: string): readonly { readonly path: string }[] {
  const code = textOf(join('dist', 'ferry', name)).replaceAll(/^\s*\*.*$/gm, '');
  const found = [
    ...code.matchAll(/^(?:import|export) (?:[^'"]* from )?"(?<path>[^"]+)";$/gm),
    ...code.matchAll(/\bimport\("(?<path>[^"]+)"\)/g),
  ];
  return found.map(({ groups }) => ({ path: groups?.['path'] ?? '' }));
}
