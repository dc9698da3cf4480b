import { parseImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { InvalidInput } from './ferry-error.js';

/** No reference is longer. */
const longestReference = 800;
/** A registry with a public name, a repository, and a tag or a digest. */
const fullReference =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::\d{1,5})?\/[a-z0-9][a-z0-9._/-]*(?::\w[\w.-]{0,127}(?:@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/;
/** Names inside of a cluster or of a private network, which are addresses of services rather than of registries. */
const privateName = /\.(?:local|internal|svc|cluster|lan|test|example|invalid)(?::\d+)?$/;
/** Names of labels: `kubernetes.io/os:linux`. */
const labelName = /^(?:[\w.-]+\.)?kubernetes\.io$|^(?!registry\.)(?:[\w.-]+\.)?k8s\.io$/;
/** Names of fields, flags and variables whose values are images. */
const imageName = /image|img$|(?:^|[._-])(?:container|reloader)s?$/i;
/** Of these, names whose values are something else. */
const otherName =
  /(?:pull|policy|secret|name_?prefix|registry|repository|repo|tag|digest|dir|path|url|size|format|type|count|version|width|height|mode|user|pullspec|file|gc.*|stream|cache|enabled?|id)s?$/i;

/** Reads a text as a reference; undefined if it is none. */
export function referenceOf(text: string): ImageReference | undefined {
  if (text.length > longestReference) return undefined;
  try {
    return parseImageReference(text);
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

/** Whether a text can only be an image: it names a public registry, a repository, and a tag or digest. */
export function isFullReference(text: string): boolean {
  if (text.length > longestReference || !fullReference.test(text)) return false;
  const host = text.slice(0, text.indexOf('/'));
  return !privateName.test(host) && !labelName.test(host);
}

/** Whether a text names a version of an image: it has a tag or a digest, and a path or host that is no local address. */
export function hasVersion(text: string): boolean {
  return /^[^\s:@]+(?::\d+\/[^\s:@]+)?(?::[\w][\w.-]*|@sha256:[0-9a-f]{64}|:[\w][\w.-]*@sha256:[0-9a-f]{64})$/.test(
    text,
  );
}

/** Whether the name of a field, a flag or a variable says that its value is an image: `RELATED_IMAGE_PROXY`, `--sidecar-image`. */
export function namesImage(name: string): boolean {
  return imageName.test(name) && !otherName.test(name);
}

/** `redis.shop.svc.cluster.local/app`: an address inside of a cluster or of a private network. */
export function isPrivateName({ host }: ImageReference): boolean {
  return privateName.test(host);
}
