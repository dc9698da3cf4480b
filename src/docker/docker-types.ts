import type { Digest } from '@image-ferry/registry/digest';
import type { FerryError } from '../domain/ferry-error.js';
import type { ImageReference } from '@image-ferry/registry/reference';
import type { PlatformSelection } from '@image-ferry/registry/platform';

/** One place that an image is pushed to. */
export interface DockerTarget {
  /** What people call it; carried into the report. */
  readonly name: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

export interface DockerCopyRequest {
  readonly source: ImageReference;
  /** What the source's tag has to lead to; absent: whatever the daemon finds there. */
  readonly sourceDigest?: Digest;
  readonly platforms: PlatformSelection;
  readonly targets: readonly DockerTarget[];
}

/** A manifest that the daemon made and pushed. Its digest is not the source's. */
export interface DockerPlatformCopy {
  /** Canonical platform; '' where the image names none. */
  readonly platform: string;
  readonly digest: Digest;
  /** Unpacked bytes, as `docker image ls` shows them: the daemon does not tell what it sent. */
  readonly size: number;
}

/** What a target's tag leads to, read back through the daemon. */
export interface DockerTargetResult {
  readonly target: string;
  /** `host/repository:tag` */
  readonly reference: string;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly platforms: readonly DockerPlatformCopy[];
  readonly pushedLayers: number;
  readonly mountedLayers: number;
  readonly presentLayers: number;
  /** What a person should know about the image. */
  readonly note?: string;
}

export interface DockerTargetFailure {
  readonly target: string;
  readonly reference: string;
  readonly failure: FerryError;
}

export interface DockerCopyReport {
  /** What the source's tag led to, as the daemon says; absent when no target could take anything. */
  readonly sourceDigest?: Digest;
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missingPlatforms: readonly string[];
  readonly targets: readonly DockerTargetResult[];
  readonly failures: readonly DockerTargetFailure[];
  /** Names in the daemon that could not be put back as they were, each with the reason. */
  readonly leftBehind: readonly string[];
}

/** A layer has come to a new state, in docker's own words: `Download complete`, `Pushed`. */
export interface DockerProgress {
  readonly step: 'pull' | 'push';
  /** Local name that the command works on. */
  readonly name: string;
  /** First twelve characters of the layer's digest (pull) or diff ID (push). */
  readonly layer: string;
  readonly state: string;
}

export interface DockerCopyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DockerProgress) => void;
  /** Before each request that the source may count as a pull; what it throws ends the copy. */
  readonly beforePull?: () => Promise<void>;
  /** Once the image is in the daemon, for each target; a `FerryError` that it throws is that target's failure. */
  readonly beforePush?: (target: DockerTarget) => Promise<void>;
}

export interface DockerCredentials {
  readonly username: string;
  readonly password: string;
  /** An OAuth2 refresh token in place of user and password. */
  readonly identityToken?: string;
  /** A bearer token in place of both. */
  readonly registryToken?: string;
}

export interface DockerSettings {
  /** The command, by name or path. */
  readonly program: string;
  /** Variables that it gets; nothing else of this process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where docker keeps its contexts: the engine has a configuration folder of its own, and only borrows these. */
  readonly userConfigFolder?: string;
  /** Spoken to in plain HTTP, or with a certificate that is not checked. Only manifest lists need to know. */
  readonly isInsecure: (host: string) => boolean;
  /** `target`: the name of the target where the repository is one, since two may be two accounts of one registry. */
  readonly credentials: {
    (host: string, repository: string, target?: string): Promise<DockerCredentials | undefined>;
    /** Why credentials that are kept for a place cannot be used, for people. */
    readonly unused?: (host: string, repository: string, target?: string) => Promise<readonly string[]>;
  };
  /** A command that says nothing for so long is ended. A layer of many gigabytes is silent while it moves. */
  readonly silenceLimitMs?: number;
}
