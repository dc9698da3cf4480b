/**
 * The recall of `ferry find`: how many of the images that well-known projects need it finds, compared with lists that
 * were checked by hand. `npm run bench:recall -- CLONES` reads them from clones in the folder CLONES.
 */
import { items } from './items.js';
import { measureItem } from './measure-item.js';
import { prepareItem } from './prepare-item.js';
import { printDetails, printResults } from './print-results.js';
import type { Result } from './print-results.js';

const [clones, ...names] = process.argv.slice(2).filter((argument) => argument !== '--details');
if (clones === undefined) {
  console.error('usage: npm run bench:recall -- CLONES [NAME...] [--details]');
  console.error('CLONES has a clone of each project, such as CLONES/argoproj/argo-cd, with its tags:');
  console.error('  git clone --bare --filter=blob:none https://github.com/argoproj/argo-cd CLONES/argoproj/argo-cd');
  process.exit(2);
}

const results: Result[] = [];
for (const item of items.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const prepared = prepareItem(item, clones);
  if (prepared.kind === 'absent') {
    results.push({ kind: 'absent', item, missing: prepared.missing });
    continue;
  }
  try {
    const measured = await measureItem(item, prepared.paths);
    results.push({ kind: 'measured', measured });
    if (process.argv.includes('--details')) printDetails(measured);
  } finally {
    prepared.remove();
  }
}
process.exitCode = printResults(results) ? 0 : 1;
