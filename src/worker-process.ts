import { exitStatusOf, ExitStatus, reportFault } from './cli/exit-status.js';
import { runWorker } from './worker.js';

/**
 * A worker until it is stopped. It reports a fault itself, since the command line has another copy of the fault's class
 * (scripts/build-bundle.mjs).
 *
 * @returns exit status
 */
export async function workerProcess(variables: NodeJS.ProcessEnv): Promise<number> {
  try {
    await runWorker(variables);
    return ExitStatus.done;
  } catch (error) {
    reportFault(error);
    return exitStatusOf(error);
  }
}
