import { createRegistryClient, dockerConfigCredentials, firstCredentials } from '@image-ferry/registry';
import type {
  BlobLocations,
  CredentialProvider,
  HostSettings,
  ProxyRules,
  PullQuota,
  RegistryClient,
  RequestObserver,
  UploadHabitStore,
  UploadJournal,
} from '@image-ferry/registry';

import type { FerryError } from '../domain/ferry-error.js';

export interface RegistriesConfig {
  /** Tried before docker's or podman's credentials. */
  readonly credentials: CredentialProvider;
  /** Path of docker's or podman's credentials; absent: docker's default. */
  readonly dockerConfigPath?: string | undefined;
  readonly hosts: ReadonlyMap<string, HostSettings>;
  readonly proxies: ProxyRules;
  /** Called for each mirror that is skipped for a while. */
  readonly onMirrorFault?: (fault: FerryError) => void;
  /** Called once for each of docker's credentials for a registry that cannot be used. */
  readonly onUnusedCredentials?: ((reason: string) => void) | undefined;
  /** Hosts that may have private addresses, in addition to the configured ones. */
  readonly trustedHosts?: ReadonlySet<string>;
  /** Locations of blobs that earlier processes uploaded. */
  readonly blobLocations?: BlobLocations | undefined;
  /** Uploads that earlier processes did not finish; absent: none is remembered. */
  readonly uploads?: UploadJournal | undefined;
  /** What earlier processes learned of registries; absent: this process learns it. */
  readonly uploadHabits?: UploadHabitStore | undefined;
  /** Counts the pulls of all processes; absent: pulls are not counted. */
  readonly pulls?: PullQuota | undefined;
  /** Gets each request; absent: requests are not observed. */
  readonly observer?: RequestObserver | undefined;
}

/** The ferry's own credentials, then those of `docker login`. */
export function allCredentials({
  credentials,
  dockerConfigPath: path,
  onUnusedCredentials: onUnused,
}: Pick<RegistriesConfig, 'credentials' | 'dockerConfigPath' | 'onUnusedCredentials'>): CredentialProvider {
  const options = { path, onUnused };
  return firstCredentials(credentials, dockerConfigCredentials(options));
}

/** Opens the single registry client of a process, with the ferry's own credentials before those of `docker login`. */
export function openRegistries({
  credentials,
  dockerConfigPath,
  onUnusedCredentials,
  hosts,
  proxies,
  onMirrorFault = () => {},
  trustedHosts = new Set(),
  blobLocations,
  uploads,
  uploadHabits,
  pulls,
  observer,
}: RegistriesConfig): RegistryClient {
  return createRegistryClient({
    credentials: allCredentials({
      credentials,
      dockerConfigPath,
      onUnusedCredentials,
    }),
    hosts,
    proxies,
    onMirrorFault,
    trustedHosts,
    blobLocations,
    uploads,
    uploadHabits,
    pulls,
    observer,
  });
}
