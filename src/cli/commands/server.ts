import { runServer } from '../../server.js';
import { ExitStatus } from '../exit-status.js';

export async function serverCommand(): Promise<number> {
  await runServer(process.env, { mayMove: false });
  return ExitStatus.done;
}
