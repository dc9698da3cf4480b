import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import ts from 'typescript';
import { beforeAll, expect, test } from 'vitest';

import { npm } from '../../../../test/support/npm.js';
import { projectRoot } from '../../../../test/support/tools.js';

const folder = join(projectRoot, 'packages', 'registry');
let packed: readonly string[];

beforeAll(() => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'];
  const [result] = JSON.parse(npm(args, { cwd: folder })) as readonly { files: readonly { path: string }[] }[];
  packed = result?.files.map(({ path }) => path) ?? [];
});

test('the registry package has its sources and what was compiled from each of them, and nothing else', () => {
  const sources = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const compiled = sources.flatMap((path) =>
    ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((end) => `dist/${path.replace(/\.ts$/, end)}`),
  );

  expect(packed.toSorted()).toEqual(
    ['LICENSE', 'README.md', 'package.json', ...sources.map((path) => `src/${path}`), ...compiled].toSorted(),
  );
});

test('no file of the registry package names a folder of the machine that packed it', () => {
  const naming = packed.filter((path) => {
    const text = readFileSync(join(folder, path), 'utf8');
    return text.includes(projectRoot) || text.includes(`${homedir()}/`);
  });

  expect(naming).toEqual([]);
});

test('every export of the registry package is documented', () => {
  const entry = join(folder, 'src', 'index.ts');
  const program = ts.createProgram([entry], {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: ['node'],
    skipLibCheck: true,
    noEmit: true,
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  const exported = module === undefined ? [] : checker.getExportsOfModule(module);
  const undocumented = exported.filter((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return target.getDocumentationComment(checker).length === 0;
  });

  expect(exported.length).toBeGreaterThan(50);
  expect(undocumented.map(({ name }) => name)).toEqual([]);
});
