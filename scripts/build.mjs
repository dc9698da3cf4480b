// `npm run build`: compiles and bundles, whether or not the sources changed. `npm pack` (--if-changed) only when they did.
import { compile } from './set-up/compile.mjs';
import { SetUpError } from './set-up/set-up-error.mjs';

try {
  await compile({ always: !process.argv.includes('--if-changed') });
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
