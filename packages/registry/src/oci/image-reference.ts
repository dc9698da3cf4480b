import { InvalidInput } from '../errors.js';
import { isDigest } from './digest.js';
import type { Digest } from './digest.js';
import { imagePage } from './image-page.js';
import { isPlatformWord } from './platform.js';
import { excerpt, hostFault, pathFault, tagFault } from './reference-grammar.js';
import { holdsPassword, withoutPassword } from './typed-password.js';

/** A canonical image reference: Docker Hub's aliases and `library/` expanded, host in lower case. */
export interface ImageReference {
  /** Registry with port: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly host: string;
  /** Repository without the host: `library/nginx`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** Canonical host of Docker Hub in references. */
export const dockerHub = 'docker.io';

const dockerHubAliases: ReadonlySet<string> = new Set([
  dockerHub,
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

/**
 * Reads `[host/]path[:tag][@digest]` by distribution's grammar into canonical form. Without tag and digest the tag is
 * `latest`; a digest alone stays without a tag.
 * @throws InvalidInput naming the invalid part and, if it is clear, what to type instead
 */
export function parseImageReference(text: string): ImageReference {
  refuseWhatIsNotAReference(text);
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  const inBrackets = name.startsWith('[') && !name.includes('/');
  const repository = colon < 0 || inBrackets ? name : name.slice(0, colon);
  const tag = colon < 0 || inBrackets ? undefined : name.slice(colon + 1);

  const { host, path } = splitHost(repository);
  const fault =
    hostFault(host) ??
    caseFault(path, text, repository) ??
    pathFault(path) ??
    (tag === undefined ? undefined : tagFault(tag));
  if (fault !== undefined) throw refused(text, fault);
  if (digest === undefined) return { host, path, tag: tag ?? 'latest' };
  if (!isDigest(digest)) throw refused(text, digestFault(digest));
  return tag === undefined ? { host, path, digest } : { host, path, tag, digest };
}

/** Canonical `host/path[:tag][@digest]`: what rows, workflow inputs and keys hold. */
export function printImageReference({ host, path, tag, digest }: ImageReference): string {
  const tagPart = tag === undefined ? '' : `:${tag}`;
  const digestPart = digest === undefined ? '' : `@${digest}`;
  return `${host}/${path}${tagPart}${digestPart}`;
}

/** `host/path`: the source repository that owns a target repository, for all of its tags. */
export function sourceRepository({ host, path }: ImageReference): string {
  return `${host}/${path}`;
}

/** Whether a first component is a registry rather than a Docker Hub namespace: it has a dot or a port, or is `localhost`. */
export function looksLikeHost(component: string): boolean {
  return /[.:[]/.test(component) || component.toLowerCase() === 'localhost';
}

/** Lower case, and one name for Docker Hub instead of its aliases. */
export function canonicalHost(host: string): string {
  const lower = host.toLowerCase();
  return dockerHubAliases.has(lower) ? dockerHub : lower;
}

/** Suggests the whole corrected reference if it is valid: a tag may have upper-case letters. */
function caseFault(path: string, text: string, repository: string): string | undefined {
  if (!/[A-Z]/.test(path)) return undefined;
  const instead = usableReference(`${repository.toLowerCase()}${text.slice(repository.length)}`);
  const fault = `the path "${excerpt(path)}" has upper-case letters`;
  return instead === undefined ? `${fault}, which are not allowed` : `${fault}: type "${instead}"`;
}

function splitHost(repository: string): { readonly host: string; readonly path: string } {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? repository : repository.slice(0, slash);
  // As for docker, `localhost` or `nginx.x` alone is a repository of Docker Hub. Only brackets always mean a host.
  if (!looksLikeHost(first) || (slash < 0 && !first.startsWith('['))) return onDockerHub(repository);
  const host = canonicalHost(first);
  const path = slash < 0 ? '' : repository.slice(slash + 1);
  return host === dockerHub ? onDockerHub(path) : { host, path };
}

function onDockerHub(path: string): { readonly host: string; readonly path: string } {
  return { host: dockerHub, path: path === '' || path.includes('/') ? path : `library/${path}` };
}

function refuseWhatIsNotAReference(text: string): void {
  if (holdsPassword(text)) {
    throw refused(
      text,
      'it contains a user name or a password: remove the part before the "@" and put credentials in the configuration',
    );
  }
  if (text.trim() === '')
    throw refused(text, 'it is empty: type an image like "nginx:1.27" or "ghcr.io/owner/name:tag"');
  if (/\s/.test(text)) {
    throw refused(text, `it contains white space: type the image alone${forExample(imageAmong(text))}`);
  }
  // A name without a host belongs to Docker Hub: its canonical form must be read in the same way.
  const page = imagePage(text) ?? imagePage(`${dockerHub}/${text}`);
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) {
    const rest = page === undefined ? text.slice(scheme.length).replace(/\/+$/, '') : (page.image ?? '');
    const what = page === undefined ? '' : ` (it is ${page.what})`;
    throw refused(text, `it starts with "${scheme}"${what}: type it without${forExample(rest)}`);
  }
  if (page !== undefined) {
    throw refused(text, `it is ${page.what}: type the image name${forExample(page.image ?? '')}`);
  }
  if (/^[0-9a-f]{64}$/.test(text))
    throw refused(text, 'it is the ID of a local image: type a name, with a tag or digest');
  refuseBareDigest(text);
}

/** By the grammar `sha256:…` is a tag of an image called sha256, which is never meant. */
function refuseBareDigest(text: string): void {
  const [, before = '', divider = '', algorithm = '', joint = '', hex] =
    /^(?:@?|(.+)([/:@]))(sha256|sha512)([:-])([0-9a-f]{32,})$/i.exec(text) ?? [];
  // A correct digest, or the tag by which registries list the referrers of an image.
  if (hex === undefined || ['@:', ':-'].includes(divider + joint)) return;
  const named = /^(?:(?:docker\.io\/)?library)?$/i.test(before) ? 'nginx' : before;
  const instead = forExample(`${named}@${algorithm}:${hex}`.toLowerCase());
  throw refused(text, `it is a digest without an image: add the image${instead}`);
}

/** The last of several words that can be an image: options and platforms may be on both sides of it. */
function imageAmong(text: string): string {
  const withoutOptions = text.replace(/(?:^|\s)-+[\w-]+(?:=\S*|\s+(?=\S*\/\S*\s)\S+)?/g, ' ');
  const words = withoutOptions.split(/\s+/).filter((word) => word !== '' && !isPlatformWord(word));
  return words.at(-1) ?? '';
}

function forExample(candidate: string): string {
  const instead = usableReference(candidate);
  return instead === undefined ? '' : `, "${instead}"`;
}

/** Returns the candidate if it is a valid reference: a suggestion must never be refused itself. */
export function usableReference(candidate: string): string | undefined {
  try {
    parseImageReference(candidate);
    return candidate;
  } catch (error) {
    if (error instanceof InvalidInput) return undefined;
    throw error;
  }
}

function digestFault(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':', 2);
  if (digest === '') return 'the digest after "@" is empty';
  if (algorithm !== 'sha256' && algorithm !== 'sha512') {
    return `the digest "${excerpt(digest)}" is neither sha256: nor sha512:`;
  }
  const length = algorithm === 'sha256' ? 64 : 128;
  if (hex.length !== length)
    return `the ${algorithm} digest has ${hex.length} characters after ":", expected ${length}`;
  return `the digest "${excerpt(digest)}" is not lower-case hexadecimal`;
}

function refused(text: string, fault: string): InvalidInput {
  return new InvalidInput(`"${shown(text)}" is not an image reference: ${fault}`, 'invalid-reference');
}

/** Short enough for one line, and without the password of a pasted `https://user:password@host/image`. */
function shown(text: string): string {
  return excerpt(withoutPassword(text));
}
