/** The server process that `ferry up` supervises. */
import { exitStatusOf, reportFault } from './cli/exit-status.js';
import { runServer } from './server.js';

try {
  await runServer(process.env, { mayMove: true });
} catch (error) {
  reportFault(error);
  process.exitCode = exitStatusOf(error);
}
