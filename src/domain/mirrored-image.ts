/** An image and its names on targets, as the database records them. No registry is asked. */
export interface MirroredImage {
  /** Canonical `host/path:tag[@digest]` of the source. */
  readonly image: string;
  /** By target, then by name. */
  readonly copies: readonly MirroredCopy[];
}

export const MirroredState = {
  /** The ferry copied or adopted it, and nothing newer is due. */
  current: 'current',
  /** The ferry copied it, and has not completed a newer request for it yet. */
  outdated: 'outdated',
  /** Only another program recorded it; the ferry has not verified it. */
  unverified: 'unverified',
} as const;
export type MirroredState = (typeof MirroredState)[keyof typeof MirroredState];

/** One name of an image on a target. */
export interface MirroredCopy {
  /** Name of the target. */
  readonly target: string;
  /** Host of the target. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string;
  /** What the tag points to on the target; absent where an older script recorded none. */
  readonly digest?: string | undefined;
  /** What the source's tag pointed to when it was copied. */
  readonly sourceDigest?: string | undefined;
  readonly platforms: readonly string[];
  /** When the name was first recorded, UTC ms. */
  readonly since?: number | undefined;
  /** When the ferry last verified it, UTC ms. */
  readonly verifiedAt?: number | undefined;
  readonly state: MirroredState;
}

/** `registry/repository:tag` */
export function mirroredName({
  registry,
  repository,
  tag,
}: Pick<MirroredCopy, 'registry' | 'repository' | 'tag'>): string {
  return `${registry}/${repository}:${tag}`;
}
