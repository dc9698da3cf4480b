import type { Digest } from '../domain/digest.js';
import { noReferrers } from './owed-referrers.js';
import { referenceOf } from './prepare-target.js';
import type { PreparedTarget, TargetTag } from './prepare-target.js';

/**
 * A target whose tag still leads to what was verified there, made from what the source still has: two HEADs are enough,
 * and neither manifest nor child is read.
 *
 * @returns undefined when something has moved, or nothing is known
 */
export function settledTarget({ target, place, current }: TargetTag, sourceDigest: Digest): PreparedTarget | undefined {
  const { known } = target;
  if (known === undefined || known.sourceDigest !== sourceDigest || known.digest !== current) return undefined;
  const { digest, mediaType, platforms, dropped } = known;
  return {
    target,
    place,
    manifests: [],
    referrers: noReferrers,
    plan: {
      target: target.name,
      reference: referenceOf(target),
      digest,
      mediaType,
      platforms,
      dropped,
      alreadyThere: true,
    },
  };
}
