import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { RecallItem } from './recall-item.js';

/** The files of an item in a folder of their own, or the repositories that are not there. */
export type Prepared =
  | { readonly kind: 'ready'; readonly paths: readonly string[]; remove(): void }
  | { readonly kind: 'absent'; readonly missing: readonly string[] };

/**
 * Takes the files of an item out of clones of its repositories.
 *
 * @param clones folder with `OWNER/NAME`, each a clone (bare or not) that has the tags
 */
export function prepareItem(item: RecallItem, clones: string): Prepared {
  const { repository, ref, paths, dependencies = [], replace = [] } = item;
  const needed = [{ repository, ref }, ...dependencies];
  const missing = needed.filter((one) => !hasRef(join(clones, one.repository), one.ref));
  if (missing.length > 0) {
    return { kind: 'absent', missing: [...new Set(missing.map((one) => `${one.repository} at ${one.ref}`))] };
  }
  const folder = mkdtempSync(join(tmpdir(), 'ferry-recall-'));
  const root = join(folder, 'files');
  // Compose files take values from files beside them.
  const folders = paths.map((path) => (/\.ya?ml$/.test(path) ? dirname(path) : path));
  const extracted = item.folder === undefined ? folders : [item.folder];
  extract(join(clones, repository), ref, extracted, root);
  for (const [index, dependency] of dependencies.entries()) {
    const other = join(folder, `dependency-${index}`);
    extract(join(clones, dependency.repository), dependency.ref, [dependency.path], other);
    cpSync(join(other, dependency.path), join(root, paths[0] ?? '', dependency.to), { recursive: true });
  }
  for (const { file, from, to } of replace) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(from, to));
  }
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  return { kind: 'ready', paths: paths.map((path) => join(root, path)), remove };
}

function hasRef(clone: string, ref: string): boolean {
  if (!existsSync(clone)) return false;
  try {
    execFileSync('git', ['-C', clone, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function extract(clone: string, ref: string, paths: readonly string[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  const distinct = [...new Set(paths)].filter((path) => path !== '.');
  // Of a whole repository, only small text files: others may be missing in a partial clone.
  const chosen = distinct.length > 0 ? distinct : textFiles(clone, ref);
  const archive = execFileSync('git', ['-C', clone, 'archive', ref, ...chosen], { maxBuffer: 512 * 1024 * 1024 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
}

function textFiles(clone: string, ref: string): readonly string[] {
  const names = execFileSync('git', ['-C', clone, 'ls-tree', '-r', '--name-only', ref], { encoding: 'utf8' }).split(
    '\n',
  );
  return names.filter((name) => /\.(?:ya?ml|json|tpl|txt)$|(?:^|\/)(?:Dockerfile[^/]*|\.env[^/]*)$/.test(name));
}
