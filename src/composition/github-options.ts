import type { FerryConfig } from '../config/read-config.js';
import type { GitHubOptions } from '../upstreams/github.js';
import { proxiedFetch } from './proxied-fetch.js';

/** GitHub's configured address and token, reached through the same proxies as registries. */
export function gitHubOptions({ github, proxies }: Pick<FerryConfig, 'github' | 'proxies'>): GitHubOptions {
  return { ...github, fetch: proxiedFetch(proxies) };
}
