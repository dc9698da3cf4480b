import { defineConfig, mergeConfig } from 'vitest/config';

const everyTest = ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'];
const realTests = ['test/**/*.real.test.ts', 'packages/*/test/**/*.real.test.ts'];

/**
 * Workspace packages are read from their sources; the others are Node's. Vite would add `module`, which in some packages
 * names files for bundlers that Node cannot load.
 */
const conditions = ['@image-ferry/source', 'node', 'development|production'];

/** Of every run of vitest. */
export const resolvesSources = defineConfig({ ssr: { resolve: { conditions, externalConditions: conditions } } });

export default mergeConfig(resolvesSources, {
  test: {
    // Temporal's native bridge crashes when a second thread of one process loads it.
    pool: 'forks',
    projects: [
      {
        extends: true,
        // Node alone: no server, no container tool, under a minute in all.
        // Files share processes, and with them what they import: nearly half of the time.
        test: {
          name: 'unit',
          include: everyTest,
          exclude: realTests,
          testTimeout: 20_000,
          hookTimeout: 60_000,
          isolate: false,
          maxWorkers: '100%',
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        // Real registries, a real Temporal server, a real MariaDB; a missing one is a failure, never a skip.
        test: {
          name: 'real',
          include: realTests,
          globalSetup: ['test/support/temporal-global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Two files at a time: mostly they wait for the servers that they start, and more would need more cores.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
