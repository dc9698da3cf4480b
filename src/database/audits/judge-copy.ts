/** What a finding means for the row of a copy. */
import { driftCodes } from '../../domain/audit.js';
import type { AuditSettings, DriftAction, DriftKind } from '../../domain/audit.js';
import type { ChangeKind } from '../../domain/state-change.js';
import { CopyState, isThere } from '../../domain/wanted-image.js';
import type { RecordedChange } from '../events.js';
import { copyChange } from '../pushed/write-image-copies.js';
import type { ImageCopies } from '../tables.js';
import type { AuditedCopy, AuditFinding, CheckedCopy } from './audit-views.js';

/** Whether no other program has written the copy since it was read. */
export function isSame(row: ImageCopies, { reference, digest }: AuditedCopy): boolean {
  return isThere(row.state) && row.reference === reference && row.digest === digest;
}

interface Judged {
  readonly finding?: AuditFinding;
  /** Absent: the copy stays as it is. */
  readonly change?: { readonly row: ImageCopies; readonly kind: ChangeKind };
}

export function judged(
  before: ImageCopies,
  { copy, isDeep, drift }: CheckedCopy,
  { audit, mode, now }: { readonly audit: string; readonly mode: AuditSettings['mode']; readonly now: number },
): Judged {
  if (drift === undefined) {
    // Its tag alone says nothing about what is missing below it.
    if (before.drift === null || (before.drift === 'incomplete' && !isDeep)) return {};
    return { change: { row: { ...before, drift: null, code: null, reason: null }, kind: 'healed' } };
  }
  const { kind, found, reason } = drift;
  const action = actionFor(before, kind, mode);
  const finding: AuditFinding = {
    audit,
    image: copy.image,
    target: copy.target,
    kind,
    action,
    reference: copy.reference,
    expected: copy.digest,
    found,
    reason,
    foundAt: now,
  };
  const code = driftCodes[kind];
  const event = eventKind(kind);
  if (action === 'healing') {
    const row = { ...before, state: CopyState.retrying, code, reason, drift: kind, verified: null };
    return { finding, change: { row, kind: event } };
  }
  // Another program pushed it, and has pushed again: what is there now is the copy.
  if (action === 'left' && before.held_digest === null && found !== undefined) {
    const row = { ...before, digest: found, source_digest: null, verified: null, code: null, reason };
    return { finding, change: { row, kind: event } };
  }
  if (before.drift === kind) return { finding };
  return { finding, change: { row: { ...before, code, reason, drift: kind }, kind: event } };
}

/** A held tag belongs to the person who holds it, and an adopted one to the program that pushed it. */
function actionFor(before: ImageCopies, kind: DriftKind, mode: AuditSettings['mode']): DriftAction {
  if (before.held_digest !== null) return 'left';
  if (kind === 'changed' && before.state === CopyState.adopted) return 'left';
  return mode === 'heal' ? 'healing' : 'reported';
}

export function eventKind(kind: DriftKind): 'drift-lost' | 'drift-changed' {
  return kind === 'changed' ? 'drift-changed' : 'drift-lost';
}

/** A finding is an event even where the copy's state stays the same. */
export function eventsOf(before: ImageCopies, now: ImageCopies, kind: ChangeKind): RecordedChange[] {
  const [change] = copyChange(before, now);
  const { image, target, state, code, reason } = now;
  const same = { image, target, from: before.state, to: state, code, reason } as RecordedChange;
  return [{ ...(change ?? same), kind }];
}
