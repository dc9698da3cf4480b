import type { Digest } from '@image-ferry/registry/digest';
import type { PlatformSelection } from '@image-ferry/registry/platform';
import type { ImageReference } from '@image-ferry/registry/reference';

import type { FerryError } from '../domain/ferry-error.js';

/** A target tag that an image is pushed to. */
export interface DockerTarget {
  /** The target's name in the configuration, copied to the report. */
  readonly name: string;
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
}

export interface DockerCopyRequest {
  readonly source: ImageReference;
  /** The digest that the source's tag must point to; absent: any. */
  readonly sourceDigest?: Digest | undefined;
  readonly platforms: PlatformSelection;
  readonly targets: readonly DockerTarget[];
}

/** A manifest that the daemon created and pushed. Its digest differs from the source's. */
export interface DockerPlatformCopy {
  /** Canonical platform; '' if the image names none. */
  readonly platform: string;
  readonly digest: Digest;
  /** Unpacked bytes, as `docker image ls` shows them: the daemon does not report the bytes sent. */
  readonly size: number;
}

/** What a target's tag points to, read back through the daemon. */
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
  /** A note for the user about the image. */
  readonly note?: string | undefined;
}

export interface DockerTargetFailure {
  readonly target: string;
  readonly reference: string;
  readonly failure: FerryError;
}

export interface DockerCopyReport {
  /**
   * The digest that the source's tag pointed to, as the daemon reports it; absent if no target could accept anything.
   */
  readonly sourceDigest?: Digest | undefined;
  /** Wanted platforms that the source does not offer, canonical. */
  readonly missingPlatforms: readonly string[];
  readonly targets: readonly DockerTargetResult[];
  readonly failures: readonly DockerTargetFailure[];
  /** Names in the daemon that could not be restored, each with the reason. */
  readonly leftBehind: readonly string[];
}

/** The new state of a layer, as docker prints it: `Download complete`, `Pushed`. */
export interface DockerProgress {
  readonly step: 'pull' | 'push';
  /** Local name that the command works on. */
  readonly name: string;
  /** First twelve characters of the layer's digest (pull) or diff ID (push). */
  readonly layer: string;
  readonly state: string;
}

export interface DockerCopyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: DockerProgress) => void;
  /** Called before each request that the source may count as a pull; an error that it throws ends the copy. */
  readonly beforePull?: (() => Promise<void>) | undefined;
  /** Called for each target once the image is in the daemon; a `FerryError` that it throws is that target's failure. */
  readonly beforePush?: (target: DockerTarget) => Promise<void>;
}

export interface DockerCredentials {
  readonly username: string;
  readonly password: string;
  /** An OAuth2 refresh token instead of user and password. */
  readonly identityToken?: string | undefined;
  /** A bearer token instead of both. */
  readonly registryToken?: string | undefined;
}

export interface DockerSettings {
  /** The command, by name or path. */
  readonly program: string;
  /** Its environment; nothing else of this process's environment is passed. */
  readonly environment: Readonly<Record<string, string>>;
  /** Docker's folder with the contexts, which are only linked: the engine has a configuration folder of its own. */
  readonly userConfigFolder?: string;
  /** Whether a host uses plain HTTP or a certificate that is not verified. Only needed for manifest lists. */
  readonly isInsecure: (host: string) => boolean;
  /**
   * `target`: the name of the target that the repository belongs to, since two targets may be two accounts of one
   * registry.
   */
  readonly credentials: {
    (host: string, repository: string, target?: string): Promise<DockerCredentials | undefined>;
    /** Why stored credentials for a repository cannot be used. */
    readonly unused?: ((host: string, repository: string, target?: string) => Promise<readonly string[]>) | undefined;
  };
  /**
   * A command without output for this long is terminated. A layer of many gigabytes is silent while it is transferred.
   */
  readonly silenceLimitMs?: number;
}
