/** Loaded first into every ferry process when profiles are wanted: writes one for each thread of a worker at its end. */
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const folder = process.env['FERRY_BENCH_PROFILE'];
const program = process.argv[1] ?? '';

if (folder !== undefined && /worker/.test([program, ...process.argv.slice(2)].join(' '))) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  process.once('exit', () => {
    session.post('Profiler.stop', (_, { profile }) => {
      writeFileSync(join(folder, `${process.pid}-${threadId}.cpuprofile`), JSON.stringify(profile));
    });
  });
}
