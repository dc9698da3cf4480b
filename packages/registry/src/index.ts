/**
 * A client for OCI registries: copies an image to any number of registries, lists tags, resolves platforms. What needs no
 * network and no Node is also in the subpaths `reference`, `platform`, `digest`, `manifest`, `pull-quota`, `upload-records` and `errors`.
 */
export { createRegistryClient } from './registry-client.js';
export type { RegistryClient } from './registry-client.js';
export type {
  BlobLocations,
  CredentialProvider,
  HostSettings,
  MirrorSettings,
  ObservedAnswer,
  ObservedRequest,
  ProxyRules,
  RegistryClientOptions,
  RegistryCredentials,
  RequestObserver,
} from './client-options.js';
export type { AnnouncedPulls, PullAllowance, PullQuota } from './pull-quota.js';
export { defaultTiming } from './transport/timing.js';
export type { Timing } from './transport/timing.js';
export { dockerConfigCredentials, firstCredentials } from './credentials/docker-config.js';
export type { DockerConfigOptions } from './credentials/docker-config.js';

export { copyImage } from './copy-image.js';
export { planCopy } from './plan-copy.js';
export { surveyCopy } from './survey-copy.js';
export type {
  BlobOutcome,
  BlobShare,
  ContinuedAfter,
  ContinuedUpload,
  CopiedPlatform,
  CopyOptions,
  CopyPlan,
  CopyProgress,
  CopyReport,
  CopyRequest,
  CopySurvey,
  CopyTarget,
  TargetFailure,
  TargetPlan,
  TargetResult,
  TargetSurvey,
  TransferWait,
  VerifiedCopy,
} from './copy-types.js';

export * from './upload-records.js';
export { cancelUpload } from './blobs/cancel-upload.js';

export { listTags } from './list-tags.js';
export { headSource } from './head-source.js';
export { headManifest } from './manifests/head-manifest.js';
export type { ManifestHead } from './manifests/manifest-exchange.js';
export { checkContents } from './check-contents.js';
export type { CheckedContents, MissingContent } from './check-contents.js';
export { lookAtTag } from './look-at-tag.js';
export { resolvePlatform } from './resolve-platform.js';
export type { ResolvedPlatform } from './resolve-platform.js';
export { hasSameContent } from './same-content.js';
export { reachRegistry, tryUpload } from './probe-registry.js';
export { measureUploads } from './speed/measure-uploads.js';
export type { UploadSpeed } from './speed/measure-uploads.js';
export { largestBlob, measureDownloads } from './speed/measure-downloads.js';
export type { DownloadSpeed } from './speed/measure-downloads.js';
export type { RepositoryRef } from './repository-ref.js';

export { RegistryFault } from './registry-errors.js';
export type { RegistryDiagnostic, RegistryFaultDetails } from './registry-errors.js';
export * from './errors.js';
export * from './digest.js';
export * from './manifest.js';
export * from './platform.js';
export * from './reference.js';

// What a program needs to reach other servers by the same rules.
export { hostAddresses } from './transport/host-addresses.js';
export type { ResolvedAddress } from './transport/host-addresses.js';
export { isLoopbackName } from './transport/address-guard.js';
export { ProxyFault } from './transport/proxy-fault.js';
export { createProxyAgent } from './transport/proxied-agent.js';
export { proxyFor } from './transport/proxy-rules.js';
export { KeyedLock } from './concurrency/keyed-lock.js';
