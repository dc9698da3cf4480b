// Bundles the compiled workflows into dist/workflow-bundle.cjs, which workers load: they start faster than with a
// bundler of their own, and a workflow that cannot be bundled is found here.
import { renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const fromRoot = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
// Of the code that is being bundled: the worker compares it with its own.
const { bundleOf, workflowFingerprint } = await import(
  new URL('../dist/src/composition/workflow-bundle.js', import.meta.url).href
);
const { path: bundle, stampPath } = bundleOf(fromRoot('dist/src'));

const { code } = await bundleWorkflowCode({
  workflowsPath: fromRoot('dist/src/workflows/index.js'),
  // The reason of a failure goes to the logger, not into the error.
  logger: new DefaultLogger('WARN', ({ level, message }) => console.error(`${level} ${message}`)),
});
const unfinished = `${bundle}.${process.pid}`;
writeFileSync(unfinished, code);
renameSync(unfinished, bundle);
writeFileSync(stampPath, `${workflowFingerprint()}\n`);
