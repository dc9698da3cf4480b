/** Why an image is not on all of its targets: what incidents are grouped by. */
import type { FaultCode } from '../ferry-error.js';
import type { ImageState } from '../state-change.js';
import type { CopyState } from '../wanted-image.js';
import type { IncidentCause } from './incidents.js';
import type { CausePlace, NotificationKind } from './notification.js';

export interface ImageCause extends IncidentCause {
  readonly code: FaultCode;
}

export interface CopyStanding {
  readonly target: string;
  readonly state: CopyState;
  readonly code?: FaultCode | undefined;
  readonly reason?: string | undefined;
}

export interface ImageStanding {
  readonly image: string;
  /** The last recorded state of the image as a whole; absent if it did not change. */
  readonly whole?:
    | { readonly state: ImageState; readonly code?: FaultCode | undefined; readonly reason?: string | undefined }
    | undefined;
  /** On its configured targets. */
  readonly copies: readonly CopyStanding[];
}

/** The registry does not answer, or not properly: one cause, whatever each request got. */
const awayCodes: ReadonlySet<string> = new Set(['unreachable', 'tls', 'server-error', 'stalled']);
/** They concern an account or a registry, not an image. */
const sharedCodes: ReadonlySet<string> = new Set([
  ...awayCodes,
  'rate-limited',
  'unauthorized',
  'denied',
  'credentials',
  'quota',
  'target-full',
  'configuration',
  'database',
  'temporal',
]);
/** These are said of the source alone. */
const sourceCodes: ReadonlySet<string> = new Set([
  'tag-missing',
  'repository-missing',
  'platform-missing',
  'source-corrupt',
  'private-address',
]);
/** Another run has the image, or a person stopped it: nothing is wrong. */
const harmlessCodes: ReadonlySet<string> = new Set(['busy', 'cancelled']);
const openStates: ReadonlySet<string> = new Set(['waiting', 'retrying', 'blocked']);

/**
 * The causes for which an image is not on its targets.
 *
 * @returns undefined if nothing follows from the standing: the image is pending and was not tried
 */
export function causesOf({ image, whole, copies }: ImageStanding): readonly ImageCause[] | undefined {
  if (whole?.state === 'pending') return undefined;
  if (whole?.state === 'pushed' || whole?.state === 'withdrawn') return [];
  const open = copies.filter(({ state }) => openStates.has(state));
  if (open.length === 0) {
    if (whole === undefined || !openStates.has(whole.state)) return [];
    const { state, code = 'internal', reason = '' } = whole;
    return causeOf(state, { source: hostOf(image) }, code, reason);
  }
  const causes = open.flatMap(({ target, state, code = 'internal', reason = '' }) => {
    const isEverywhere =
      copies.length > 1 && open.length === copies.length && open.every((copy) => copy.reason === reason);
    const isOfSource =
      sourceCodes.has(code) || reason.startsWith('source ') || (isEverywhere && !reason.startsWith('target '));
    return causeOf(state, isOfSource ? { source: hostOf(image) } : { target }, code, reason);
  });
  return [...new Map(causes.map((cause) => [cause.key, cause])).values()];
}

function causeOf(state: string, place: CausePlace, code: FaultCode, reason: string): ImageCause[] {
  if (harmlessCodes.has(code)) return [];
  // Announced before its images are pushed: the image becomes blocked if the tag stays missing.
  if (state === 'waiting' && code === 'tag-missing') return [];
  const kind = kindOf(state, place, code);
  const group = kind !== 'blocked' && awayCodes.has(code) ? 'away' : code;
  const key = [
    kind,
    place.target === undefined ? `source ${place.source ?? ''}` : `target ${place.target}`,
    group,
  ].join('|');
  return [{ ...place, kind, code, reason, key, isShared: sharedCodes.has(code) }];
}

function kindOf(state: string, { target }: CausePlace, code: FaultCode): NotificationKind {
  if (state === 'blocked') return 'blocked';
  if (target !== undefined) return awayCodes.has(code) ? 'target' : 'retrying';
  return code === 'rate-limited' ? 'allowance' : 'retrying';
}

/** Registry of a canonical image; '' for rows that name no image. */
function hostOf(image: string): string {
  const slash = image.indexOf('/');
  return slash > 0 ? image.slice(0, slash) : '';
}
