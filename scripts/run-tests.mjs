// `npm test`: set-up, every check, every test. The last line is `N passed, N failed`, from the runner's own report.
// Arguments go to vitest: `npm test -- test/domain`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { npmCommand } from './set-up/npm-command.mjs';
import { projectRoot } from './set-up/places.mjs';

const counts = join(projectRoot, 'dist', 'test-counts.json');

function main(vitestArguments) {
  if (!run(['scripts/setup.mjs', '--for=test']))
    return end({ passed: 0, failed: 1 }, 'The set-up failed, so nothing was tested.');
  if (!runProgram(...npmCommand(['run', 'check', '--silent'])))
    return end({ passed: 0, failed: 1 }, 'A check failed, so nothing was tested.');

  mkdirSync(join(projectRoot, 'dist'), { recursive: true });
  rmSync(counts, { force: true });
  const reporters = ['--reporter=default', '--reporter=./scripts/test-counts-reporter.mjs'];
  const ended = run(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...vitestArguments], {
    FERRY_TEST_COUNTS: counts,
  });
  if (!existsSync(counts)) return end({ passed: 0, failed: 1 }, 'vitest ended without a report.');

  const { passed, failed, skipped } = JSON.parse(readFileSync(counts, 'utf8'));
  // Chosen tests skip the others; otherwise a skipped test is a missing real part, and that is a failure.
  const unrun = vitestArguments.length === 0 ? skipped : 0;
  if (unrun > 0)
    return end({ passed, failed: failed + unrun }, `${unrun} tests were skipped; here every test must run.`);
  if (passed + failed === 0) return end({ passed, failed: 1 }, 'No test was run.');
  if (!ended && failed === 0) return end({ passed, failed: 1 }, 'Every test passed, but vitest failed: see above.');
  end({ passed, failed });
}

function end({ passed, failed }, news) {
  if (news !== undefined) console.log(news);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function run(args, env) {
  return runProgram(process.execPath, args, env);
}

function runProgram(program, args, env = {}) {
  const options = { cwd: projectRoot, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } };
  return spawnSync(program, args, options).status === 0;
}

main(process.argv.slice(2));
