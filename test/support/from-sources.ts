import type { BundleOptions } from '@temporalio/worker';

type Configure = NonNullable<BundleOptions['webpackConfigHook']>;

/** Bundles workspace packages from their sources, as tests import them, not from their last build. */
export const fromSources: Configure = (config) => ({
  ...config,
  resolve: { ...config.resolve, conditionNames: ['@image-ferry/source', '...'] },
});
