/** The worker process that `ferry up` supervises. */
import { workerProcess } from './worker-process.js';

process.exitCode = await workerProcess(process.env);
