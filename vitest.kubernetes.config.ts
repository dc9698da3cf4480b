import { defineConfig, mergeConfig } from 'vitest/config';

import { resolvesSources } from './vitest.config.js';

/** `npm run test:kubernetes`: against a real kube-apiserver, which takes too long to build for `npm test`. */
export default mergeConfig(
  resolvesSources,
  defineConfig({ test: { include: ['test/kubernetes/*.kubernetes.ts'], testTimeout: 120_000 } }),
);
