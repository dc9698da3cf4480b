// What `npm run build` does: the set-up's compiling, whether or not the sources changed.
import { compile } from './set-up/compile.mjs';
import { SetUpError } from './set-up/set-up-error.mjs';

try {
  await compile({ always: true });
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
