import { RegistryError } from '../errors.js';
import type { Digest } from './digest.js';

/**
 * How to handle attestation manifests, which some registries (ACR Personal) refuse:
 * `keep` copies them, `drop` leaves them out of the index (its digest changes, and both are recorded),
 * `fail` refuses the image before any layer is copied.
 */
export const ManifestPolicy = { keep: 'keep', drop: 'drop', fail: 'fail' } as const;
export type ManifestPolicy = (typeof ManifestPolicy)[keyof typeof ManifestPolicy];

/** A manifest that is not copied, and why. */
export interface DroppedManifest {
  readonly digest: Digest;
  readonly reason: string;
}

/** A target's manifest policy refuses an image. */
export class ManifestRefusedByPolicy extends RegistryError {
  constructor(message: string) {
    super(message, { code: 'manifest-policy', decision: 'block' });
  }
}

/** A manifest that a tag would point to. */
interface Candidate {
  readonly digest: Digest;
  /** Present for a platform's image. */
  readonly platform?: unknown;
  /** Present for an attestation. */
  readonly about?: unknown;
}

/**
 * applyManifestPolicy divides manifests into those that the policy keeps and those that it drops.
 * @throws ManifestRefusedByPolicy when the policy is `fail`, or when leaving out is not enough
 */
export function applyManifestPolicy<T extends Candidate>(
  candidates: readonly T[],
  {
    image,
    target,
    policy,
    refusedDigests,
  }: {
    readonly image: string;
    readonly target: string;
    readonly policy: ManifestPolicy;
    readonly refusedDigests?: ReadonlySet<Digest>;
  },
): { readonly kept: readonly T[]; readonly dropped: readonly DroppedManifest[] } {
  const refused = candidates.filter(({ digest }) => refusedDigests?.has(digest));
  if (policy === ManifestPolicy.keep || refused.length === 0) return { kept: candidates, dropped: [] };

  const digests = refused.map(({ digest }) => digest).join(', ');
  if (policy === ManifestPolicy.fail) {
    throw new ManifestRefusedByPolicy(
      `${image} contains manifests that target ${target} refuses (${digests}), and the target's manifest policy is "fail": set it to "drop" to leave them out`,
    );
  }
  const kept = candidates.filter((candidate) => !refused.includes(candidate));
  if (kept.length === 0 || refused.some(({ platform }) => platform !== undefined)) {
    throw new ManifestRefusedByPolicy(
      `${image} has a manifest type that target ${target} refuses (${digests}): dropping attestations does not help; choose another target, or platforms without it`,
    );
  }
  const dropped = refused.map(({ digest, about }) => ({
    digest,
    reason: `${about === undefined ? 'an artifact' : 'an attestation in artifact form'}, which target ${target} refuses`,
  }));
  return { kept, dropped };
}
