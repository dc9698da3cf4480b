import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

import ts from 'typescript';

import { projectRoot } from '../../demo/tools.js';

/** JavaScript of the present sources of the registry client and of some folders of `src`, for processes of their own. */
export interface CompiledSources {
  /** The compiled `src`. */
  readonly folder: string;
  remove(): void;
}

/**
 * @param folders below `src`, with everything that they import
 * @param changes what becomes of single files' text before they are compiled, by their path below `src`
 */
export function compileSources(
  folders: readonly string[],
  changes: Readonly<Record<string, (source: string) => string>> = {},
): CompiledSources {
  const root = mkdtempSync(join(tmpdir(), 'ferry-compiled-'));
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
  for (const folder of ['packages/registry/src', ...folders.map((name) => join('src', name))]) {
    for (const name of readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const file = join(projectRoot, folder, name);
      const written = readFileSync(file, 'utf8');
      const source = changes[relative(join(projectRoot, 'src'), file)]?.(written) ?? written;
      const path = join(root, folder, name.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, ts.transpileModule(source, { compilerOptions: options }).outputText);
    }
  }
  return { folder: join(root, 'src'), remove: () => rmSync(root, { recursive: true, force: true }) };
}
