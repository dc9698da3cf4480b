import type { Decision, FaultCode } from '../../domain/ferry-error.js';
import type { Place } from '../place.js';
import type { RegistryRequest } from './request-options.js';

const TRY_AGAIN = new Set([408, 425, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
// Distribution 2.8 answers with the error of its disk as JSON, ENOSPC as the number that it has on Linux.
const NO_SPACE =
  /no space left|file too large|disk (is )?full|enospc|insufficient storage|disk quota exceeded|"Err":28\b/i;
// Some refuse with 403 or 503 what others refuse with 429.
const RATE_LIMIT = /rate.?limit|too ?many ?requests|throttl|requests? limit/i;
const QUOTA = /quota|(storage|repository|repositories|namespace) limit|limit (is |was )?exceeded|exceeds? .*limit/i;
const IMMUTABLE = /immutable|ImageTagAlreadyExists|cannot be overwritten|TAG_INVALID/i;
/** Harbor's words for a right that is lacking, and for a project that is. */
const NO_PUSH = /\baction: push\b|\bproject \S+ not found\b/i;
const DENIED_AT_TARGET =
  'the account may not write there, the namespace is missing or has no room for more, or repositories are not made by pushing';
/** Harbor's, for images that are not signed, or have vulnerabilities. */
const POLICY_VIOLATION = 'PROJECTPOLICYVIOLATION';
const POLICY_ADVICE = {
  source: "the project's policy keeps it from being pulled: sign or scan it there, or change the policy",
  target: "the project's policy keeps it from being read there",
} as const;
/** What a manifest names, and the registry does not have, or does not see yet. */
const UNKNOWN_PARTS = new Set(['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN']);
const REFUSED_CLASS = /unknown manifest class|unsupported (manifest|media) ?type|artifact type/i;

/** Whether a registry's words say that it does not take manifests of this kind at all. */
export function refusesKind(said: string): boolean {
  return REFUSED_CLASS.test(said);
}

export interface Judgement {
  readonly code: FaultCode;
  readonly decision: Decision;
  /** What to do, in the words that follow the registry's own. */
  readonly advice?: string;
}

/** An answer that was not expected. */
interface Told extends Pick<RegistryRequest, 'method' | 'resource'> {
  readonly side: Place['side'];
  /** The registry's own words, with its error codes. */
  readonly said: string;
  /** The error codes alone (distribution-spec, "Error Codes"). */
  readonly codes: readonly string[];
  /** The token is good, and not for this. */
  readonly lacksRights?: boolean;
}

/** What an answer that was not expected means. */
export function judgeResponse(
  status: number,
  { side, method, resource, said, codes, lacksRights = false }: Told,
): Judgement {
  if (status === 429 || (status >= 400 && RATE_LIMIT.test(said))) {
    return {
      code: 'rate-limited',
      decision: 'wait',
      advice: 'it asks to come back later; credentials may raise the limit',
    };
  }
  if (status === 407) {
    return { code: 'configuration', decision: 'park', advice: 'the proxy before it wants a user and password' };
  }
  if (codes.includes(POLICY_VIOLATION) || (status === 412 && resource === 'manifest' && isRead(method))) {
    return { code: 'denied', decision: 'park', advice: POLICY_ADVICE[side] };
  }
  const refused = side === 'target' ? judgeRefusal(status, { said, codes, resource }) : undefined;
  if (refused !== undefined) return refused;
  if (status === 401 && side === 'target' && (lacksRights || codes.includes('DENIED') || NO_PUSH.test(said))) {
    const advice = `no user and password are given for it, or ${DENIED_AT_TARGET}`;
    return { code: 'denied', decision: 'park', advice };
  }
  if (status === 401) {
    const advice =
      side === 'source'
        ? 'the repository is private or does not exist: check its name, and the user and password for this registry'
        : 'check the user and password for this registry';
    return { code: 'unauthorized', decision: 'park', advice };
  }
  if (status === 403) {
    const advice = side === 'source' ? 'the account may not read this repository' : DENIED_AT_TARGET;
    return { code: 'denied', decision: 'park', advice };
  }
  if (status === 404) {
    return {
      code: 'repository-missing',
      decision: 'park',
      advice: side === 'target' ? 'create the repository or its namespace first' : 'check the name of the repository',
    };
  }
  if (status === 405 && side === 'target') {
    const advice = 'it takes no writes: it is read-only, or a cache of another registry';
    return { code: 'denied', decision: 'park', advice };
  }
  if (status === 413) {
    return {
      code: resource === 'manifest' ? 'manifest-too-large' : 'blob-too-large',
      decision: 'park',
      advice: 'raise the body limit of the registry or the proxy before it',
    };
  }
  if (status === 415) {
    return { code: 'manifest-refused', decision: 'park', advice: 'it does not take this media type' };
  }
  if (TRY_AGAIN.has(status)) return { code: 'server-error', decision: 'retry' };
  return { code: 'protocol', decision: 'park', advice: 'is this a container registry?' };
}

/** What only somebody who writes can be told. */
function judgeRefusal(
  status: number,
  { said, codes, resource }: Pick<Told, 'said' | 'codes' | 'resource'>,
): Judgement | undefined {
  // A server in trouble (5xx) may speak of limits of its own; what it refuses for good it refuses with 4xx.
  const isRefusal = status >= 400 && status < 500;
  if (status < 400) return undefined;
  if (status === 507 || NO_SPACE.test(said)) {
    return { code: 'target-full', decision: 'park', advice: 'its storage is full: make room there, then try again' };
  }
  if (isRefusal && QUOTA.test(said)) {
    return {
      code: 'quota',
      decision: 'park',
      advice: 'a quota of the account is used up: raise it or delete something',
    };
  }
  if (resource === 'manifest' && (status === 412 || (isRefusal && IMMUTABLE.test(said)))) {
    return {
      code: 'tag-immutable',
      decision: 'park',
      advice: 'the tag cannot be changed there: use another, or allow it',
    };
  }
  if (isRefusal && refusesKind(said)) {
    return {
      code: 'manifest-refused',
      decision: 'park',
      advice: 'it does not take this kind of manifest: the manifest policy "drop" leaves attestations out',
    };
  }
  if (codes.includes('NAME_INVALID')) {
    return {
      code: 'target-name',
      decision: 'park',
      advice: 'it does not take this name: choose another with "naming" or "names" of the target',
    };
  }
  if (resource === 'manifest' && codes.some((code) => UNKNOWN_PARTS.has(code))) {
    const advice = 'it does not find what it was given before: are its storage and its replicas in step?';
    return { code: 'manifest-refused', decision: 'park', advice };
  }
  if (status === 412) {
    return { code: 'denied', decision: 'park', advice: 'a rule of the project or of the registry stands against it' };
  }
  if (codes.includes('MANIFEST_INVALID')) {
    return { code: 'manifest-refused', decision: 'park', advice: 'it does not take this manifest' };
  }
  return undefined;
}

function isRead(method: RegistryRequest['method']): boolean {
  return method === 'GET' || method === 'HEAD';
}
