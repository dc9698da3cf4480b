import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import ts from 'typescript';

import { projectRoot } from '../../demo/tools.js';

/**
 * JavaScript compiled from the current sources of the registry client and of some folders of `src`, for separate
 * processes.
 */
export interface CompiledSources {
  /** The compiled `src`. */
  readonly folder: string;
  remove(): void;
}

/**
 * The registry package is compiled beside them, and imported by its name.
 *
 * @param folders below `src`, with everything that they import
 * @param changes edit the text of single files before it is compiled, by their path below `src`
 */
export function compileSources(
  folders: readonly string[],
  changes: Readonly<Record<string, (source: string) => string>> = {},
): CompiledSources {
  const root = mkdtempSync(join(tmpdir(), 'ferry-compiled-'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  mkdirSync(join(root, 'src'));
  for (const folder of folders.map((name) => join('src', name))) {
    compileFolder(join(projectRoot, folder), join(root, folder), (file, source) => {
      return changes[relative(join(projectRoot, 'src'), file)]?.(source) ?? source;
    });
  }
  linkPackages(join(root, 'node_modules'));
  return { folder: join(root, 'src'), remove: () => rmSync(root, { recursive: true, force: true }) };
}

function compileFolder(from: string, to: string, change: (file: string, source: string) => string): void {
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
  for (const name of readdirSync(from, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    const file = join(from, name);
    const source = change(file, readFileSync(file, 'utf8'));
    const path = join(to, name.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, ts.transpileModule(source, { compilerOptions: options }).outputText);
  }
}

/** Links every installed package, and the current sources of the registry package instead of its last build. */
function linkPackages(folder: string): void {
  mkdirSync(folder);
  for (const name of readdirSync(join(projectRoot, 'node_modules'))) {
    if (name !== '@image-ferry') symlinkSync(join(projectRoot, 'node_modules', name), join(folder, name));
  }
  const registry = join(folder, '@image-ferry', 'registry');
  const source = join(projectRoot, 'packages', 'registry');
  compileFolder(join(source, 'src'), join(registry, 'dist'), (_file, text) => text);
  // Removes the condition that points to TypeScript sources, which do not exist here.
  const manifest = readFileSync(join(source, 'package.json'), 'utf8').replaceAll(
    /"@image-ferry\/source": "[^"]+",/g,
    '',
  );
  writeFileSync(join(registry, 'package.json'), manifest);
}
