import type { FerryError } from '../domain/ferry-error.js';
import type {
  BlobLocations,
  CredentialProvider,
  HostSettings,
  ProxyRules,
  PullLedger,
  RegistryClient,
} from '@image-ferry/registry';
import { createRegistryClient, dockerConfigCredentials, firstCredentials } from '@image-ferry/registry';

export interface RegistriesConfig {
  /** Asked before docker's or podman's. */
  readonly credentials: CredentialProvider;
  /** Docker's or podman's credentials; absent: where docker keeps them. */
  readonly dockerConfigPath?: string;
  readonly hosts: ReadonlyMap<string, HostSettings>;
  readonly proxies: ProxyRules;
  /** Told of each mirror that is left alone for a while. */
  readonly onMirrorFault?: (fault: FerryError) => void;
  /** Told once of each of docker's credentials that is kept for a registry and cannot be used. */
  readonly onUnusedCredentials?: (reason: string) => void;
  /** Hosts that may have private addresses beside the configured ones. */
  readonly trustedHosts?: ReadonlySet<string>;
  /** Where blobs were put by earlier processes. */
  readonly blobLocations?: BlobLocations;
  /** Where the pulls of all processes are counted; absent: nowhere. */
  readonly pulls?: PullLedger;
}

/** The ferry's own credentials, then what `docker login` left. */
export function allCredentials({
  credentials,
  dockerConfigPath: path,
  onUnusedCredentials: onUnused,
}: Pick<RegistriesConfig, 'credentials' | 'dockerConfigPath' | 'onUnusedCredentials'>): CredentialProvider {
  const options = { ...(path === undefined ? {} : { path }), ...(onUnused === undefined ? {} : { onUnused }) };
  return firstCredentials(credentials, dockerConfigCredentials(options));
}

/** The one registry client of a process, with the ferry's own credentials before what `docker login` left. */
export function openRegistries({
  credentials,
  dockerConfigPath,
  onUnusedCredentials,
  hosts,
  proxies,
  onMirrorFault = () => {},
  trustedHosts = new Set(),
  blobLocations,
  pulls,
}: RegistriesConfig): RegistryClient {
  return createRegistryClient({
    credentials: allCredentials({
      credentials,
      ...(dockerConfigPath === undefined ? {} : { dockerConfigPath }),
      ...(onUnusedCredentials === undefined ? {} : { onUnusedCredentials }),
    }),
    hosts,
    proxies,
    onMirrorFault,
    trustedHosts,
    ...(blobLocations === undefined ? {} : { blobLocations }),
    ...(pulls === undefined ? {} : { pulls }),
  });
}
