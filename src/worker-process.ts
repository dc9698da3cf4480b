import { exitStatusOf, ExitStatus, reportFault } from './cli/exit-status.js';
import { runWorker } from './worker.js';

const lingersMs = 2_000;

/**
 * A worker until it is stopped. It reports a fault itself, since the command line has another copy of the fault's class
 * (scripts/build-bundle.mjs).
 *
 * @returns exit status
 */
export async function workerProcess(variables: NodeJS.ProcessEnv): Promise<number> {
  const status = await statusOfWorker(variables);
  // A connection that did not close would keep the process; where all are closed it ends before.
  setTimeout(() => process.exit(status), lingersMs).unref();
  return status;
}

async function statusOfWorker(variables: NodeJS.ProcessEnv): Promise<number> {
  try {
    await runWorker(variables);
    return ExitStatus.done;
  } catch (error) {
    reportFault(error);
    return exitStatusOf(error);
  }
}
