/** The worker process that `ferry up` supervises. */
import { exitStatusOf, reportFault } from './cli/exit-status.js';
import { runWorker } from './worker.js';

try {
  await runWorker(process.env);
} catch (error) {
  reportFault(error);
  process.exitCode = exitStatusOf(error);
}
