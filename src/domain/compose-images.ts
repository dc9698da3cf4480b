import { excerpt, parseImageReference, printImageReference, sourceRepository } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { interpolate } from './compose-interpolation.js';
import type { Lookup } from './compose-interpolation.js';
import { InvalidInput } from './ferry-error.js';
import { fitsAny } from './name-pattern.js';
import type { Skipped } from './upstream-finding.js';
import type { ServicePatterns } from './upstream.js';

/** Limit for an image as written, with its variables. A reference has fewer than 800 characters. */
const longestImage = 1_000;

/** A service of a compose document, as far as images go; texts are not interpolated yet. */
export interface ComposeService {
  readonly name: string;
  readonly image?: string;
  /** It has a `build`. */
  readonly isBuilt: boolean;
  /** As written; it may hold variables. */
  readonly pullPolicy?: string;
  readonly profiles: readonly string[];
  /** Values of variables where its file has its own; absent: those of the whole selection. */
  readonly lookup?: Lookup;
  /** Why its image cannot be determined from this document alone, as text. */
  readonly fault?: string | undefined;
  /** Where its image is written; the line is counted from 1. */
  readonly imageAt?: { readonly file: string; readonly line: number } | undefined;
  /** `build` as written. */
  readonly build?: unknown;
  /** The file that describes it. */
  readonly file?: string | undefined;
}

export interface ServiceImage {
  readonly service: string;
  readonly reference: ImageReference;
}

export interface ImageSelection {
  readonly lookup: Lookup;
  /** Absent: every service of every profile. */
  readonly include?: ServicePatterns | undefined;
  readonly exclude: ServicePatterns;
}

/**
 * imagesOfServices returns the images of a compose document by service, and the skipped services with the reason. Of those,
 * `unread` are the services that have an image which is not known.
 */
export function imagesOfServices(
  services: readonly ComposeService[],
  { lookup, include, exclude }: ImageSelection,
): {
  readonly images: readonly ServiceImage[];
  readonly skipped: readonly Skipped[];
  readonly unread: readonly Skipped[];
} {
  const images: ServiceImage[] = [];
  const skipped: Skipped[] = [];
  const unread: Skipped[] = [];
  for (const service of services) {
    const read = readImage(service, service.lookup ?? lookup);
    if ('reason' in read) {
      const left = { what: `service ${service.name}`, reason: read.reason };
      skipped.push(left);
      if (read.isUnread) unread.push(left);
      continue;
    }
    const left = leftOut(service, read.written, read.reference, include, exclude);
    if (left === undefined) images.push({ service: service.name, reference: read.reference });
    else skipped.push({ what: `service ${service.name} (${read.written})`, reason: left });
  }
  return { images, skipped, unread };
}

type ReadImage =
  | { readonly reference: ImageReference; readonly written: string }
  | { readonly reason: string; readonly isUnread: boolean };

function readImage({ image, isBuilt, pullPolicy, fault }: ComposeService, lookup: Lookup): ReadImage {
  if (fault !== undefined) return { reason: fault, isUnread: true };
  if (image === undefined) {
    return { reason: isBuilt ? 'it is built from source and has no image' : 'it has no image', isUnread: false };
  }
  if (image.length > longestImage) {
    return {
      reason: `its image has ${image.length} characters, the limit is ${longestImage}: ${excerpt(image)}`,
      isUnread: true,
    };
  }
  if (isLocalOnly(isBuilt, pullPolicy, lookup)) {
    return { reason: `its pull_policy means that ${image} is built, not pulled`, isUnread: false };
  }

  const interpolated = interpolate(image, lookup);
  if (interpolated.kind === 'fault')
    return { reason: `its image ${image} cannot be read: ${interpolated.reason}`, isUnread: true };
  const { text, unset } = interpolated;
  if (unset.length > 0) {
    return { reason: `its image ${image} needs ${unset.join(', ')}, which has no default there`, isUnread: true };
  }
  try {
    return { reference: parseImageReference(text), written: text };
  } catch (error) {
    if (error instanceof InvalidInput) return { reason: error.message, isUnread: true };
    throw error;
  }
}

/**
 * Compose specification, `pull_policy`: with `build` the image is always built. `never` without a `build` means that
 * something else, such as an install script, pulled the image before; with a `build` the image is built. All other values
 * (`always`, `missing`, `if_not_present`, `daily`, `weekly`, `every_<duration>`) pull, even with a `build`.
 */
function isLocalOnly(isBuilt: boolean, pullPolicy: string | undefined, lookup: Lookup): boolean {
  if (pullPolicy === undefined) return false;
  const interpolated = interpolate(pullPolicy, lookup);
  const policy = interpolated.kind === 'text' ? interpolated.text.trim() : '';
  return policy === 'build' || (policy === 'never' && isBuilt);
}

function leftOut(
  { name, profiles }: ComposeService,
  written: string,
  reference: ImageReference,
  include: ServicePatterns | undefined,
  exclude: ServicePatterns,
): string | undefined {
  const names = namesOf(written, reference);
  if (include !== undefined && !fits(include, name, profiles, names)) return 'no include pattern matches it';
  return fits(exclude, name, profiles, names) ? 'an exclude pattern matches it' : undefined;
}

function fits(patterns: ServicePatterns, service: string, profiles: readonly string[], names: readonly string[]) {
  return (
    fitsAny(service, patterns.services) ||
    profiles.some((profile) => fitsAny(profile, patterns.profiles)) ||
    names.some((name) => fitsAny(name, patterns.images))
  );
}

/** A pattern may match any usual spelling of the image: `nginx`, `nginx:*`, `docker.io/library/nginx`. */
function namesOf(written: string, reference: ImageReference): readonly string[] {
  return [
    written,
    written.replace(/@.*$/, '').replace(/:[^/:]*$/, ''),
    printImageReference(reference),
    sourceRepository(reference),
  ];
}
