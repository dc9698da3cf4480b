import type { Decision, RegistryErrorCode } from '../errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { habitOf } from './quirks.js';
import type { Habit } from './quirks.js';
import type { RegistryRequest } from './request-options.js';

const retryStatuses = new Set([408, 421, 425, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
const deniedAtTarget =
  'the account may not write there, the namespace is missing or has no room for more, or repositories are not made by pushing';
export interface ResponseClass {
  readonly code: RegistryErrorCode;
  readonly decision: Decision;
  /** What to do, in words that follow the registry's own. */
  readonly advice?: string;
}

/** An unexpected answer. */
interface Told extends Pick<RegistryRequest, 'method' | 'resource'> {
  readonly side: RepositoryRef['side'];
  /** The registry's own words, with its error codes. */
  readonly said: string;
  /** The error codes alone (distribution-spec, "Error Codes"). */
  readonly codes: readonly string[];
  /** A redirect chose the origin that answered: it gets neither the account nor its user and password. */
  readonly isElsewhere?: boolean;
  /** The token is valid, but not for this request. */
  readonly lacksRights?: boolean;
}

/** What a habit of a registry means for a request that failed because of it. */
const habitFaults = {
  'rate-limit': rateLimited(),
  policy: {
    code: 'denied',
    decision: 'block',
    advice: "the project's policy keeps it from being read: sign or scan the image there, or change the policy",
  },
  'storage-full': {
    code: 'target-full',
    decision: 'block',
    advice: 'its storage is full: make room there, then try again',
  },
  quota: {
    code: 'quota',
    decision: 'block',
    advice: 'a quota of the account is used up: raise it or delete something',
  },
  'immutable-tag': {
    code: 'tag-immutable',
    decision: 'block',
    advice: 'the tag cannot be changed there: use another, or allow it',
  },
  'refused-kind': {
    code: 'manifest-refused',
    decision: 'block',
    advice: 'it does not take this kind of manifest: the manifest policy "drop" leaves attestations out',
  },
  'unknown-parts': {
    code: 'manifest-refused',
    decision: 'block',
    advice: 'it does not find what it was given before: are its storage and its replicas in step?',
  },
  'no-push': noPush(),
} as const satisfies Partial<Record<Habit, ResponseClass>>;

/**
 * Classifies an unexpected answer: first by the habits of registries (`quirks.ts`), then by the registry's error codes,
 * then by its status.
 */
export function classifyResponse(status: number, told: Told): ResponseClass {
  const { side, method, resource, codes, isElsewhere = false, lacksRights = false } = told;
  if (status === 429) return rateLimited();
  if (status === 407) {
    return { code: 'configuration', decision: 'block', advice: 'the proxy before it wants a user and password' };
  }
  const habit = habitOf(habitFaults, { ...told, status });
  if (habit !== undefined) return habitFaults[habit];
  if (resource === 'token') return judgeTokenService(status);
  if (isElsewhere && (status === 401 || status === 403)) return refusedElsewhere(status);
  if (status === 402) {
    const advice = 'it wants a payment, or a larger plan of the account';
    return { code: 'denied', decision: 'block', advice };
  }
  const isRead = method === 'GET' || method === 'HEAD';
  const refused = side === 'target' && status >= 400 ? judgeRefusal(status, codes) : undefined;
  if (refused !== undefined) return refused;
  if (status === 401 && side === 'target' && lacksRights) return noPush();
  if (status === 401) {
    const advice =
      side === 'source'
        ? 'the repository is private or does not exist: check its name, and the user and password for this registry'
        : 'check the user and password for this registry';
    return { code: 'unauthorized', decision: 'block', advice };
  }
  if (status === 403) {
    const advice = side === 'source' || isRead ? 'the account may not read this repository' : deniedAtTarget;
    return { code: 'denied', decision: 'block', advice };
  }
  if (status === 404) {
    return {
      code: 'repository-missing',
      decision: 'block',
      advice: side === 'target' ? 'create the repository or its namespace first' : 'check the name of the repository',
    };
  }
  if (status === 409 && side === 'target') {
    const advice = 'something there changes the same thing, or stands against it';
    return { code: 'server-error', decision: 'retry', advice };
  }
  if (status === 405 && side === 'target') {
    const advice = 'it takes no writes: it is read-only, or a cache of another registry';
    return { code: 'denied', decision: 'block', advice };
  }
  if (status === 413) {
    return {
      code: resource === 'manifest' ? 'manifest-too-large' : 'blob-too-large',
      decision: 'block',
      advice: 'raise the body limit of the registry or the proxy before it',
    };
  }
  if (status === 415) {
    return { code: 'manifest-refused', decision: 'block', advice: 'it does not take this media type' };
  }
  if (retryStatuses.has(status)) return { code: 'server-error', decision: 'retry' };
  return { code: 'protocol', decision: 'block', advice: 'is this a container registry?' };
}

/** Refusals that only a writing request meets. */
function judgeRefusal(status: number, codes: readonly string[]): ResponseClass | undefined {
  if (codes.includes('NAME_INVALID')) {
    return {
      code: 'target-name',
      decision: 'block',
      advice: 'it does not take this name: choose another with "naming" or "names" of the target',
    };
  }
  if (status === 412) {
    return { code: 'denied', decision: 'block', advice: 'a rule of the project or of the registry stands against it' };
  }
  if (codes.includes('MANIFEST_INVALID')) {
    return { code: 'manifest-refused', decision: 'block', advice: 'it does not take this manifest' };
  }
  return undefined;
}

/** The token service's explicit refusals are classified before this. */
function judgeTokenService(status: number): ResponseClass {
  if (retryStatuses.has(status)) return { code: 'server-error', decision: 'retry' };
  const advice =
    'the registry names this address as its token service, and it gives no token: is the registry set up right?';
  return { code: 'protocol', decision: 'block', advice };
}

/** User and password are never sent to another origin, so another password would change nothing. */
function refusedElsewhere(status: 401 | 403): ResponseClass {
  const advice = 'the registry redirects there, to another origin, where no user and password are sent';
  return { code: status === 401 ? 'unauthorized' : 'denied', decision: 'block', advice };
}

function rateLimited(): ResponseClass {
  const advice = 'it asks to come back later; credentials may raise the limit';
  return { code: 'rate-limited', decision: 'wait', advice };
}

function noPush(): ResponseClass {
  return { code: 'denied', decision: 'block', advice: `no user and password are given for it, or ${deniedAtTarget}` };
}
