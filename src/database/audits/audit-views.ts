/** Copies that an audit checks, and audits as they are recorded. */
import type { AuditScope, AuditSummary, DriftAction, DriftKind, DriftOutcome } from '../../domain/audit.js';

/** A copy that should be on its target. */
export interface AuditedCopy {
  readonly image: string;
  readonly target: string;
  /** `host/repository:tag` */
  readonly reference: string;
  /** What its tag should point to. */
  readonly digest: string;
  /** The image has pending rows: a run may be about to copy it. */
  readonly isPending: boolean;
}

/** The next copies come after this one. */
export type CopyPlace = Pick<AuditedCopy, 'image' | 'target'>;

export interface FoundDrift {
  readonly kind: DriftKind;
  /** What its tag points to; absent: nothing. */
  readonly found?: string | undefined;
  readonly reason: string;
}

export interface CheckedCopy {
  readonly copy: AuditedCopy;
  /** Its manifests and blobs were read, too. */
  readonly isDeep: boolean;
  /** Absent: it is as it should be. */
  readonly drift?: FoundDrift | undefined;
}

/** An audit as it is recorded. */
export interface AuditReport {
  readonly id: string;
  /** UTC ms. */
  readonly startedAt: number;
  readonly finishedAt?: number | undefined;
  readonly who: string;
  readonly scope: AuditScope;
  readonly summary: AuditSummary;
  readonly failure?: string | undefined;
}

export interface FinishedAudit extends AuditReport {
  readonly finishedAt: number;
}

export interface AuditFinding {
  readonly audit: string;
  readonly image: string;
  readonly target: string;
  readonly kind: DriftKind;
  readonly action: DriftAction;
  readonly reference: string;
  readonly expected: string;
  readonly found?: string | undefined;
  readonly reason: string;
  readonly foundAt: number;
}

/** A finding as it is shown later. */
export interface FollowedFinding extends AuditFinding {
  readonly healedAt?: number | undefined;
  readonly outcome: DriftOutcome;
}
