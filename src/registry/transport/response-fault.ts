import type { IncomingMessage } from 'node:http';
import type { Decision, FaultCode } from '../../domain/ferry-error.js';
import type { Place } from '../place.js';
import { RegistryFault } from '../registry-errors.js';
import type { RegistryDiagnostic } from '../registry-errors.js';
import { redactText } from './redaction.js';
import { parseRetryAfter } from './retrying.js';

const TRY_AGAIN = new Set([408, 425, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524]);
const EXCERPT_CHARACTERS = 300;
// Distribution 2.8 answers with the error of its disk as JSON, ENOSPC as the number that it has on Linux.
const NO_SPACE =
  /no space left|file too large|disk (is )?full|enospc|insufficient storage|disk quota exceeded|"Err":28\b/i;
const QUOTA = /quota|(storage|repository|repositories|namespace) limit|limit (is |was )?exceeded|exceeds? .*limit/i;
const IMMUTABLE = /immutable|ImageTagAlreadyExists|cannot be overwritten|TAG_INVALID/i;
const REFUSED_CLASS = /unknown manifest class|unsupported (manifest|media) ?type|artifact type/i;

interface Judgement {
  readonly code: FaultCode;
  readonly decision: Decision;
  /** What to do, in the words that follow the registry's own. */
  readonly advice?: string;
}

/**
 * An answer that was not expected, as a fault.
 *
 * @param what the request for people: `PUT manifest 1.27`
 */
export function responseFault(
  response: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  body: Buffer,
  place: Place,
  what: string,
): RegistryFault {
  const status = response.statusCode ?? 0;
  const diagnostics = readDiagnostics(body);
  const said = saidBy(body, diagnostics);
  const { code, decision, advice } = judge(status, said, place.side);
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], Date.now());
  const message = [
    `answered ${status} to ${what}`,
    said === '' ? '' : `: ${said}`,
    advice === undefined ? '' : `; ${advice}`,
  ];
  return new RegistryFault(message.join(''), {
    place,
    status,
    diagnostics,
    code,
    decision,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The registry's own error list, [] where the body is something else (HTML of a proxy, nothing). */
export function readDiagnostics(body: Buffer): readonly RegistryDiagnostic[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    return [];
  }
  const errors = typeof parsed === 'object' && parsed !== null && 'errors' in parsed ? parsed.errors : undefined;
  if (!Array.isArray(errors)) return [];
  return errors.slice(0, 10).flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { code, message, detail } = entry as Readonly<Record<string, unknown>>;
    const more = detail === undefined || detail === null ? '' : ` ${printDetail(detail)}`;
    const text = `${typeof message === 'string' ? message : ''}${more}`;
    return [{ code: typeof code === 'string' ? code : 'UNKNOWN', message: shorten(text) }];
  });
}

function judge(status: number, said: string, side: Place['side']): Judgement {
  if (status === 429) {
    return {
      code: 'rate-limited',
      decision: 'wait',
      advice: 'it asks to come back later; credentials may raise the limit',
    };
  }
  const refused = side === 'target' ? judgeRefusal(status, said) : undefined;
  if (refused !== undefined) return refused;
  if (status === 401) {
    const advice =
      side === 'source'
        ? 'the repository is private or does not exist: check its name, and the user and password for this registry'
        : 'check the user and password for this registry';
    return { code: 'unauthorized', decision: 'park', advice };
  }
  if (status === 403) {
    const advice =
      side === 'source'
        ? 'the account may not read this repository'
        : 'the account may not write there, the namespace is missing, or repositories are not made by pushing';
    return { code: 'denied', decision: 'park', advice };
  }
  if (status === 404) {
    return {
      code: 'repository-missing',
      decision: 'park',
      advice: side === 'target' ? 'create the repository or its namespace first' : 'check the name of the repository',
    };
  }
  if (status === 413) {
    return {
      code: 'blob-too-large',
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
function judgeRefusal(status: number, said: string): Judgement | undefined {
  if (status === 507 || NO_SPACE.test(said)) {
    return { code: 'target-full', decision: 'park', advice: 'its storage is full: make room there, then try again' };
  }
  if (status >= 400 && QUOTA.test(said)) {
    return {
      code: 'quota',
      decision: 'park',
      advice: 'a quota of the account is used up: raise it or delete something',
    };
  }
  if (IMMUTABLE.test(said) || status === 412) {
    return {
      code: 'tag-immutable',
      decision: 'park',
      advice: 'the tag cannot be changed there: use another, or allow it',
    };
  }
  if (status >= 400 && status < 500 && REFUSED_CLASS.test(said)) {
    return {
      code: 'manifest-refused',
      decision: 'park',
      advice: 'it does not take this kind of manifest: the manifest policy "drop" leaves attestations out',
    };
  }
  return undefined;
}

function saidBy(body: Buffer, diagnostics: readonly RegistryDiagnostic[]): string {
  if (diagnostics.length > 0) {
    return diagnostics.map(({ code, message }) => (message === '' ? code : `${code} ${message}`)).join('; ');
  }
  return shorten(body.toString('utf8').replace(/<[^>]*>/g, ' '));
}

function printDetail(detail: unknown): string {
  return typeof detail === 'string' ? detail : (JSON.stringify(detail) ?? '');
}

function shorten(text: string): string {
  const line = redactText(text)
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > EXCERPT_CHARACTERS ? `${line.slice(0, EXCERPT_CHARACTERS)}…` : line;
}
