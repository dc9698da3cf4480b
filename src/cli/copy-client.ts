import { join } from 'node:path';

import { cancelUpload } from '@image-ferry/registry';
import type { RegistryClient, UploadRecord } from '@image-ferry/registry';

import { openRegistries } from '../composition/registries.js';
import { tolerantUploads } from '../composition/tolerant-uploads.js';
import type { TolerantUploads } from '../composition/tolerant-uploads.js';
import { readDataDir } from '../config/data-folder.js';
import { Environment } from '../config/environment.js';
import { proxiesOf } from '../config/proxies.js';
import { dockerConfigPath, environmentCredentials, environmentHosts } from '../config/registry-credentials.js';
import { activeTracing } from './active-tracing.js';
import { settingsOf } from './copy-references.js';
import type { Typed } from './copy-references.js';
import { printMessage } from './output.js';
import { UploadFolder } from './upload-folder.js';

/**
 * Opens a client for the given references, with the hosts, credentials and proxies of the environment and of
 * `ferry.yaml`. The caller closes it.
 *
 * @throws InvalidInput listing every error of the configuration
 */
export async function openClient(typed: readonly Pick<Typed, 'host' | 'scheme'>[]): Promise<RegistryClient> {
  const environment = new Environment(process.env);
  const dockerConfig = dockerConfigPath(environment);
  const { hosts, credentials } = await configured(environment);
  const client = openRegistries({
    credentials,
    dockerConfigPath: dockerConfig,
    hosts: new Map([...hosts, ...typed.flatMap(({ host, scheme }) => settingsOf(host, scheme, hosts.get(host)))]),
    proxies: proxiesOf(environment),
    observer: activeTracing()?.observer,
    trustedHosts: new Set(typed.map(({ host }) => host)),
    ...recordedUploads(environment, async (upload) => await cancelUpload(client, upload)),
    onUnusedCredentials: (reason) => printMessage(`note: unused credentials: ${reason}`),
    onMirrorFault: ({ message }) =>
      printMessage(`note: ${message}; this mirror is skipped, and its source is used instead`),
  });
  return client;
}

/**
 * Uploads that an earlier `ferry copy` of this user did not finish. What registries do with them is learned each time.
 *
 * @param cancel for those that are too old
 */
function recordedUploads(environment: Environment, cancel: (upload: UploadRecord) => Promise<void>): TolerantUploads {
  const folder = join(readDataDir(environment), 'uploads');
  return tolerantUploads({ uploads: new UploadFolder(folder, { cancel }) }, (reason) =>
    printMessage(`note: uploads are not recorded, and would start again after a crash: ${reason}`),
  );
}

async function configured(environment: Environment) {
  const path = environment.value('FERRY_CONFIG');
  if (path === undefined) {
    return { hosts: environmentHosts(environment), credentials: environmentCredentials(environment) };
  }
  // Loading the YAML parser takes time, so only a configured file imports it.
  const { readCopyConfig } = await import('../config/copy-config.js');
  return readCopyConfig(environment, path);
}
