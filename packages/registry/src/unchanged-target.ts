import type { CopyRequest, VerifiedCopy } from './copy-types.js';
import { isImageManifest } from './manifests/media-types.js';
import type { Digest } from './oci/digest.js';
import { preparedTarget } from './prepare-target.js';
import type { PreparedTarget, TargetTag } from './prepare-target.js';
import { noReferrers } from './referrers/required-referrers.js';

const unreadReason = "the project's policy keeps the tag from being read; it is what was put there last";

type Leads = Pick<VerifiedCopy, 'digest' | 'mediaType' | 'platforms' | 'dropped' | 'note'>;

/**
 * A target whose tag still points to what was verified there, made from what the source still has, or to the source's
 * own digest if that is trusted: two HEADs are enough, and neither the manifest nor its children are read.
 *
 * @returns undefined if something has moved, nothing is known, or the state there is not reliable
 */
export function unchangedTarget(
  tag: TargetTag,
  sourceDigest: Digest,
  request: Pick<CopyRequest, 'platforms' | 'trustEqualTags' | 'force'>,
): PreparedTarget | undefined {
  const unchanged =
    knownCopy(tag, sourceDigest) ?? (request.force === true ? undefined : equalTag(tag, sourceDigest, request));
  if (unchanged === undefined) return undefined;
  const { digest, mediaType, platforms, dropped, note } = unchanged;
  return preparedTarget(tag, {
    manifests: [],
    referrers: noReferrers,
    force: false,
    tagIsSet: true,
    plan: {
      digest,
      mediaType,
      platforms,
      dropped,
      note,
      alreadyThere: true,
      unread: tag.untold === undefined ? undefined : unreadReason,
    },
  });
}

/** A manifest that a policy of the target forbids to read is there: nothing says that it differs from what was put. */
function knownCopy({ target: { known }, current, untold }: TargetTag, sourceDigest: Digest): Leads | undefined {
  if (known?.sourceDigest !== sourceDigest) return undefined;
  return known.digest === current || untold === 'blocked' ? known : undefined;
}

/** Only if no manifest decides what the tag will point to: all platforms are wanted, and `keep` leaves none out. */
function equalTag(
  { target, current, currentType }: TargetTag,
  sourceDigest: Digest,
  { platforms, trustEqualTags = false }: Pick<CopyRequest, 'platforms' | 'trustEqualTags'>,
): Leads | undefined {
  if (trustEqualTags === false || platforms !== 'all') return undefined;
  if (current !== sourceDigest || currentType === undefined) return undefined;
  if (trustEqualTags === 'images' && !isImageManifest(currentType)) return undefined;
  if (target.manifestPolicy !== 'keep' || target.referrers === true) return undefined;
  return { digest: current, mediaType: currentType, platforms: [], dropped: [] };
}
