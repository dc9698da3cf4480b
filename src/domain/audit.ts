/** What an audit checks, and what it finds. */
import type { FaultCode } from './ferry-error.js';

/**
 * What is wrong with a copy: its tag or manifest is gone, its tag points to something else, or something below its tag
 * cannot be pulled.
 */
export type DriftKind = 'lost' | 'changed' | 'incomplete';

/**
 * What follows from a finding. `healing`: the next sync run copies it again; `reported`: the configuration wants no more;
 * `left`: the tag is held, or belongs to another program.
 */
export type DriftAction = 'healing' | 'reported' | 'left';

/** What became of a finding: what was to be healed may be `healed`, or its copy `blocked` today, until a person acts. */
export type DriftOutcome = DriftAction | 'healed' | 'blocked';

export const driftCodes = {
  lost: 'copy-lost',
  changed: 'copy-changed',
  incomplete: 'copy-incomplete',
} as const satisfies Readonly<Record<DriftKind, FaultCode>>;

/** How a ferry audits. */
export interface AuditSettings {
  /** `heal`: what is lost or changed is copied again; `report`: it is only reported. */
  readonly mode: 'heal' | 'report';
  /** Part of the copies that each audit checks in depth, above 0 and at most 1. */
  readonly deepShare: number;
  /** Most requests to one host in a second. */
  readonly requestsPerSecond: number;
}

export const standardAudit: AuditSettings = { mode: 'heal', deepShare: 0.05, requestsPerSecond: 5 };

/** What one audit checks. */
export interface AuditScope {
  /** Names of targets; absent: all of them. */
  readonly targets?: readonly string[] | undefined;
  /** Every copy is checked in depth. */
  readonly deep: boolean;
}

/** Whether an audit of one scope checks all that another one asks. */
export function coversScope(audit: AuditScope, asked: AuditScope): boolean {
  const { targets } = audit;
  const hasTargets = targets === undefined || asked.targets?.every((name) => targets.includes(name)) === true;
  return hasTargets && (audit.deep || !asked.deep);
}

/** Copies that were not checked for one reason. */
export interface NotChecked {
  readonly target: string;
  readonly code: FaultCode;
  /** The first of them. */
  readonly reason: string;
  readonly count: number;
}

/** What an audit counted on one target. */
export interface TargetAudit {
  readonly target: string;
  /** Copies whose tag was compared. */
  readonly checked: number;
  /** Of those, copies whose manifests and blobs were read, too. */
  readonly deep: number;
  readonly lost: number;
  readonly changed: number;
  readonly incomplete: number;
  readonly notChecked: number;
  /** Requests to the registry, without the retries of its client. */
  readonly requests: number;
}

export interface AuditSummary {
  readonly targets: readonly TargetAudit[];
  /** The first 50 reasons. */
  readonly notChecked: readonly NotChecked[];
  /** Copies that the next sync run heals. */
  readonly healing: number;
  /** A person ended it early. */
  readonly cancelled?: boolean | undefined;
}

export const emptyAudit: AuditSummary = { targets: [], notChecked: [], healing: 0 };

/** How many copies of a target have the same finding. */
export interface CountedFindings {
  readonly target: string;
  readonly kind: DriftKind;
  readonly action: DriftAction;
  readonly copies: number;
}

/** The counts of an audit with those of its findings. */
export function addFindings(
  { targets, notChecked, cancelled }: AuditSummary,
  found: readonly CountedFindings[],
): AuditSummary {
  const count = (target: string, kind: DriftKind): number =>
    found.reduce((sum, one) => sum + (one.target === target && one.kind === kind ? one.copies : 0), 0);
  return {
    targets: targets.map((one) => ({
      ...one,
      lost: count(one.target, 'lost'),
      changed: count(one.target, 'changed'),
      incomplete: count(one.target, 'incomplete'),
    })),
    notChecked,
    healing: found.reduce((sum, { action, copies }) => sum + (action === 'healing' ? copies : 0), 0),
    ...(cancelled === true ? { cancelled } : {}),
  };
}

const reasonsKept = 50;

/** Adds the counts of a page to those of the pages before. */
export function addToAudit(sum: AuditSummary, page: AuditSummary): AuditSummary {
  const targets = new Map(sum.targets.map((one) => [one.target, one]));
  for (const one of page.targets) targets.set(one.target, addTargets(targets.get(one.target), one));
  const notChecked = new Map(sum.notChecked.map((one) => [`${one.target} ${one.code}`, one]));
  for (const one of page.notChecked) {
    const key = `${one.target} ${one.code}`;
    const known = notChecked.get(key);
    if (known !== undefined) notChecked.set(key, { ...known, count: known.count + one.count });
    else if (notChecked.size < reasonsKept) notChecked.set(key, one);
  }
  return {
    targets: [...targets.values()],
    notChecked: [...notChecked.values()],
    healing: sum.healing + page.healing,
  };
}

/** Adds counts of one target. */
export function addTargets(known: TargetAudit | undefined, more: TargetAudit): TargetAudit {
  if (known === undefined) return more;
  return {
    target: known.target,
    checked: known.checked + more.checked,
    deep: known.deep + more.deep,
    lost: known.lost + more.lost,
    changed: known.changed + more.changed,
    incomplete: known.incomplete + more.incomplete,
    notChecked: known.notChecked + more.notChecked,
    requests: known.requests + more.requests,
  };
}

/**
 * Whether an audit that started at a time checks a copy in depth. Audits on successive days check different copies, until
 * all had their turn.
 *
 * @param key identifies the copy
 * @param startedAt UTC ms
 */
export function isSampled(key: string, startedAt: number, deepShare: number): boolean {
  const turns = Math.max(1, Math.round(1 / deepShare));
  return numberOf(key) % turns === Math.floor(startedAt / 86_400_000) % turns;
}

/** FNV-1a: spreads keys evenly. */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let position = 0; position < text.length; position++) {
    hash = Math.imul(hash ^ text.charCodeAt(position), 0x01000193) >>> 0;
  }
  return hash;
}
