import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { printImageReference } from '@image-ferry/registry/reference';

import { chartPrograms } from '../../src/composition/chart-programs.js';
import { discoverPaths } from '../../src/discovery/discover-paths.js';
import type { Unread } from '../../src/discovery/discovery.js';
import { runProgram, withPrivateFolder } from '../../src/discovery/run-program.js';
import { groupFinds } from '../../src/domain/found-image.js';
import { referenceOf } from '../../src/domain/image-text.js';
import type { RecallItem } from './recall-item.js';

export interface Measured {
  readonly item: RecallItem;
  readonly certain: readonly string[];
  readonly likely: readonly string[];
  readonly unread: readonly Unread[];
  /** What the values of `image:` in the rendered files name: the usual way without a tool. */
  readonly byGrep: readonly string[];
  readonly ms: number;
}

const programs = chartPrograms(process.env);

export async function measureItem(item: RecallItem, paths: readonly string[]): Promise<Measured> {
  const start = performance.now();
  const found = await discoverPaths(paths, {
    variables: () => undefined,
    values: [],
    sets: item.sets ?? [],
    programs,
    standardInput: async function* () {},
  });
  const ms = performance.now() - start;
  const images = groupFinds(found.finds);
  const named = (chosen: string): readonly string[] =>
    images.flatMap(({ image, certainty }) => (certainty === chosen ? [image] : [])).toSorted();
  // What cannot be rendered is reported by the finding itself.
  const texts = found.unread.length > 0 ? [] : await Promise.all(paths.map(async (path) => await rendered(path, item)));
  return {
    item,
    certain: named('certain'),
    likely: named('likely'),
    unread: found.unread,
    byGrep: imagesByGrep(texts.join('\n')),
    ms,
  };
}

/** What a person would search: what Helm or kustomize prints, or the file. */
async function rendered(path: string, { sets = [] }: RecallItem): Promise<string> {
  if (!statSync(path).isDirectory())
    return /compose/.test(path) ? composeFiles(dirname(path)) : readFileSync(path, 'utf8');
  const names = readdirSync(path);
  return await withPrivateFolder(process.env, async (_folder, environment) => {
    const run = { environment, what: 'rendering' };
    if (names.includes('Chart.yaml')) {
      const options = ['--include-crds', '--kube-version', '1.35.0', ...sets.flatMap((set) => ['--set', set])];
      return await runProgram({ ...run, program: await programs.helm(), args: ['template', 'x', path, ...options] });
    }
    if (names.some((name) => /^kustomization\.ya?ml$/.test(name))) {
      return await runProgram({ ...run, program: await programs.kustomize(), args: ['build', path] });
    }
    return composeFiles(path);
  });
}

/** A file is usually searched together with those that it includes. */
function composeFiles(folder: string): string {
  const names = readdirSync(folder).filter((name) => /compose.*\.ya?ml$/.test(name));
  return names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
}

function imagesByGrep(text: string): readonly string[] {
  const values = [...text.matchAll(/^[\s-]*"?image"?:\s*["']?([^\s"'#]+)/gm)].map(([, value = '']) => value);
  const references = values.flatMap((value) => referenceOf(value) ?? []);
  return [...new Set(references.map(printImageReference))].toSorted();
}
