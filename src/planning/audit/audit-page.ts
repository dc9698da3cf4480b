/** The next copies of an audit: checked on their targets, several hosts at a time, and recorded together. */
import type { Fault } from '../../contract/activity-types.js';
import type { AuditPage, CopyPosition } from '../../contract/audit-messages.js';
import type { AuditStore } from '../../database/audit-store.js';
import type { AuditedCopy, CheckedCopy } from '../../database/audits/audit-views.js';
import { addTargets, isSampled } from '../../domain/audit.js';
import type { AuditScope, AuditSettings, NotChecked, TargetAudit } from '../../domain/audit.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { inParallel } from '../../domain/in-parallel.js';
import type { Target } from '../../domain/target.js';
import { checkCopy } from './check-copy.js';
import type { CheckPorts, CopyCheck } from './check-copy.js';

/** Copies in one activity: a crash repeats their requests. */
const pageSize = 200;
/** Copies of one target that are checked at the same time: the pace of its host limits them. */
const copiesAtOnce = 4;
/** Faults of a whole target rather than of one image: it gets no request for its other copies of the page. */
const ofTarget: ReadonlySet<Fault['code']> = new Set([
  'unreachable',
  'tls',
  'unauthorized',
  'rate-limited',
  'server-error',
  'stalled',
]);

export interface AuditPorts extends CheckPorts {
  readonly audits: Pick<AuditStore, 'copies' | 'record'>;
  readonly targets: readonly Target[];
  readonly audit: AuditSettings;
}

export interface AuditQuery {
  readonly audit: string;
  /** UTC ms. */
  readonly startedAt: number;
  readonly scope: AuditScope;
  readonly after?: CopyPosition | undefined;
}

/** @throws the signal's reason; InvalidInput if a target is not configured; FerryError of the database */
export async function auditPage(ports: AuditPorts, query: AuditQuery, signal: AbortSignal): Promise<AuditPage> {
  const { audits, targets, audit: settings } = ports;
  const { scope, startedAt } = query;
  const chosen = chosenTargets(targets, scope);
  const names = chosen.map(({ name }) => name);
  const copies = await audits.copies({ targets: names, after: query.after, limit: pageSize });
  const checked: CheckedCopy[] = [];
  const counts = new PageCounts();
  await Promise.all(
    chosen.map(async (target) => {
      const own = copies.filter((copy) => copy.target === target.name);
      let trouble: Fault | undefined = target.engine === 'docker' ? onlyByDaemon(target) : undefined;
      await inParallel(own, copiesAtOnce, async (copy) => {
        signal.throwIfAborted();
        const isDeep = scope.deep || isSampled(`${copy.target} ${copy.image}`, startedAt, settings.deepShare);
        const onRequest = (): void => counts.request(target.name);
        const found: CopyCheck =
          trouble === undefined
            ? await checkCopy(ports, copy, { isDeep, signal, onRequest })
            : { kind: 'unknown', fault: trouble };
        counts.add(copy, found);
        if (found.kind === 'unknown') {
          if (ofTarget.has(found.fault.code)) trouble ??= found.fault;
        } else checked.push({ copy, isDeep: found.isDeep, drift: found.kind === 'drift' ? found.drift : undefined });
      });
    }),
  );
  const findings = await audits.record(query.audit, checked, settings.mode);
  const last = copies.length < pageSize ? undefined : copies.at(-1);
  return {
    summary: { ...counts.summary(), healing: findings.filter(({ action }) => action === 'healing').length },
    next: last === undefined ? undefined : { image: last.image, target: last.target },
  };
}

/** An audit of nothing would look like one that found nothing. */
function chosenTargets(targets: readonly Target[], { targets: named }: AuditScope): readonly Target[] {
  if (named === undefined) return targets;
  const unknown = named.filter((name) => targets.every((target) => target.name !== name));
  if (named.length > 0 && unknown.length === 0) return targets.filter(({ name }) => named.includes(name));
  const what = named.length === 0 ? 'no target is named' : `unknown target ${unknown.join(', ')}`;
  const known = targets.map(({ name }) => name).join(', ');
  throw new InvalidInput(`${what}; configured on this worker: ${known}`, 'configuration');
}

function onlyByDaemon({ name }: Target): Fault {
  const reason = `target ${name} is reached through a Docker daemon, which cannot look at a tag without pulling it`;
  return { code: 'configuration', decision: 'block', reason };
}

class PageCounts {
  readonly #targets = new Map<string, TargetAudit>();
  readonly #notChecked = new Map<string, NotChecked>();

  request(target: string): void {
    this.#count(target, { requests: 1 });
  }

  add({ target }: AuditedCopy, found: CopyCheck): void {
    if (found.kind === 'unknown') {
      const { code, reason } = found.fault;
      const key = `${target} ${code}`;
      const known = this.#notChecked.get(key) ?? { target, code, reason, count: 0 };
      this.#notChecked.set(key, { ...known, count: known.count + 1 });
      this.#count(target, { notChecked: 1 });
      return;
    }
    const drift = found.kind === 'drift' ? { [found.drift.kind]: 1 } : {};
    this.#count(target, { checked: 1, deep: found.isDeep ? 1 : 0, ...drift });
  }

  summary() {
    return { targets: [...this.#targets.values()], notChecked: [...this.#notChecked.values()] };
  }

  #count(target: string, more: Partial<Omit<TargetAudit, 'target'>>): void {
    this.#targets.set(target, addTargets(this.#targets.get(target), { ...nothing, target, ...more }));
  }
}

const nothing = { checked: 0, deep: 0, lost: 0, changed: 0, incomplete: 0, notChecked: 0, requests: 0 };
