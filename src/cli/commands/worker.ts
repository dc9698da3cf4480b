import { runWorker } from '../../worker.js';
import { ExitStatus } from '../exit-status.js';

export async function workerCommand(): Promise<number> {
  await runWorker(process.env);
  return ExitStatus.done;
}
