import { writeFileSync } from 'node:fs';

/** A vitest reporter that writes how many tests passed, failed and were skipped to the file FERRY_TEST_COUNTS. */
export default class TestCountsReporter {
  onTestRunEnd(modules, unhandledErrors) {
    // An error outside of every test fails the run, so it counts as a failed test.
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
    }
    const { pending, ...finished } = counts;
    writeFileSync(process.env.FERRY_TEST_COUNTS, JSON.stringify({ ...finished, failed: counts.failed + pending }));
  }
}
