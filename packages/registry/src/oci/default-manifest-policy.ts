import { ManifestPolicy } from './manifest-policy.js';

/** ACR's personal edition, old and new host names: it refuses artifact-style attestations. */
const personalAcr =
  /^(?:registry(?:-intl|-vpc|-internal)?\.[a-z0-9-]+\.aliyuncs\.com|[a-z0-9-]+\.[a-z0-9-]+\.personal\.cr\.aliyuncs\.com)$/;

/** What happens to attestations on a registry without a configured policy. */
export function defaultManifestPolicy(host: string): ManifestPolicy {
  return personalAcr.test(host) ? ManifestPolicy.drop : ManifestPolicy.keep;
}
