/** What an audit takes and gives, and what a rollback does. */
import type { AuditScope, AuditSummary } from '../domain/audit.js';
import type { FaultCode } from '../domain/ferry-error.js';

/** A person can type it: `{"targets": ["aliyun"], "deep": true}`. */
export interface AuditInput extends Partial<AuditScope> {
  /** Who requests it; default: the schedule. */
  readonly who?: string | undefined;
  /** Present if the history was too long: the audit goes on. */
  readonly carried?: CarriedAudit | undefined;
}

export interface CarriedAudit {
  readonly audit: string;
  readonly startedAt: number;
  readonly after: CopyPosition;
  readonly summary: AuditSummary;
}

/** The next page begins after this copy. */
export interface CopyPosition {
  readonly image: string;
  readonly target: string;
}

export interface AuditResult {
  readonly audit: string;
  readonly summary: AuditSummary;
}

export interface AuditPage {
  readonly summary: AuditSummary;
  /** Absent at the end. */
  readonly next?: CopyPosition | undefined;
}

/** A person can type it: `{"image": "docker.io/library/nginx:1.27", "target": "aliyun"}`. */
export interface RollbackInput {
  readonly image: string;
  readonly target: string;
  /** The digest that the tag is to point to; default: what it pointed to before. */
  readonly to?: string | undefined;
  readonly who?: string | undefined;
}

export type RollbackResult = {
  readonly image: string;
  readonly target: string;
} & (
  | {
      /** The tag points to it and is held. */
      readonly state: 'held';
      /** `host/repository:tag` */
      readonly reference: string;
      readonly digest: string;
      /** What the tag pointed to before. */
      readonly before?: string | undefined;
    }
  /** Nothing was changed. */
  | { readonly state: 'refused'; readonly code: FaultCode; readonly reason: string }
  /** It is not made yet: the sync runs go on trying. */
  | { readonly state: 'pending'; readonly to: string; readonly reason: string }
  /** A person ended it before it was made. */
  | { readonly state: 'released' }
);

/** What a rollback would do, decided before anything is changed. */
export type PreparedRollback =
  | { readonly kind: 'ready'; readonly to: string; readonly before: string; readonly from: string }
  | { readonly kind: 'refused'; readonly code: FaultCode; readonly reason: string };
