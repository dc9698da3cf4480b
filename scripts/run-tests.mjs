// `npm test`: set-up, every check, every test. The last line is `N passed, N failed`, from the runner's own report.
// Arguments go to vitest: `npm test -- test/domain`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { npmCommand } from './set-up/npm-command.mjs';
import { projectRoot } from './set-up/places.mjs';

const report = join(projectRoot, 'dist', 'test-report.json');

function main(vitestArguments) {
  if (!run(['scripts/setup.mjs', '--for=test']))
    return end({ passed: 0, failed: 1 }, 'The set-up failed, so nothing was tested.');
  if (!runProgram(...npmCommand(['run', 'check', '--silent'])))
    return end({ passed: 0, failed: 1 }, 'A check failed, so nothing was tested.');

  mkdirSync(join(projectRoot, 'dist'), { recursive: true });
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const isSuccess = run(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...vitestArguments]);
  if (!existsSync(report)) return end({ passed: 0, failed: 1 }, 'vitest ended without a report.');

  const counts = JSON.parse(readFileSync(report, 'utf8'));
  const { numPassedTests: passed, numFailedTests: failed } = counts;
  const skipped = counts.numTotalTests - passed - failed;
  // Chosen tests skip the others; otherwise a skipped test is a missing real part, and that is a failure.
  const unrun = vitestArguments.length === 0 ? skipped : 0;
  if (unrun > 0)
    return end({ passed, failed: failed + unrun }, `${unrun} tests were skipped; here every test must run.`);
  if (passed + failed === 0) return end({ passed, failed: 1 }, 'No test was run.');
  // A file that cannot be imported, or an error outside of every test.
  if (!isSuccess && failed === 0) return end({ passed, failed: 1 }, 'Every test passed, but vitest failed: see above.');
  end({ passed, failed });
}

function end({ passed, failed }, news) {
  if (news !== undefined) console.log(news);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function run(args) {
  return runProgram(process.execPath, args);
}

function runProgram(program, args) {
  const options = { cwd: projectRoot, stdio: ['ignore', 'inherit', 'inherit'] };
  return spawnSync(program, args, options).status === 0;
}

main(process.argv.slice(2));
