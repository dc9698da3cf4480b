/** Whether a tag can be put back: decided before anything is changed. */
import { isDigest } from '@image-ferry/registry/digest';

import type { PreparedRollback, RollbackInput, RollbackResult } from '../../contract/audit-messages.js';
import type { RollbackCopy, RollbackStore } from '../../database/rollback-store.js';
import type { WantedImageStore } from '../../database/wanted/wanted-image-store.js';
import type { FaultCode } from '../../domain/ferry-error.js';
import { wantedSelection } from '../../domain/wanted-platforms.js';
import { tagRefOf } from '../tag-ref.js';
import { planRollback } from './plan-rollback.js';
import type { RollbackPorts } from './plan-rollback.js';

export interface PreparePorts extends RollbackPorts {
  readonly rollbacks: Pick<RollbackStore, 'copy' | 'sourceDigests' | 'isWanted'>;
  readonly wanted: Pick<WantedImageStore, 'wantedRows'>;
}

/** @throws the signal's reason; FerryError of the database */
export async function prepareRollback(
  ports: PreparePorts,
  { image, target: name, to: asked }: RollbackInput,
  signal: AbortSignal,
): Promise<PreparedRollback> {
  const target = ports.targets.find((one) => one.name === name);
  if (target === undefined) {
    const known = ports.targets.map((one) => one.name).join(', ');
    return refused('configuration', `unknown target ${name}; configured: ${known}`);
  }
  if (target.engine === 'docker') {
    return refused('configuration', `target ${name} is reached through a Docker daemon, which cannot set a tag alone`);
  }
  if (asked !== undefined && !isDigest(asked)) {
    return refused('invalid-reference', `"${asked.slice(0, 80)}" is not a digest: expected sha256: and 64 characters`);
  }
  const copy = await ports.rollbacks.copy(image, name);
  if (copy === undefined) return refused('rollback-impossible', `the ferry has never had ${image} on ${name}`);
  if (!(await ports.rollbacks.isWanted(image))) {
    return refused('rollback-impossible', `${image} is withdrawn: "ferry add ${image}" wants it again`);
  }
  const to = asked ?? copy.earlier[0]?.digest;
  if (to === undefined) {
    return refused(
      'rollback-impossible',
      `nothing is recorded that ${copy.reference} pointed to before; name it with --to`,
    );
  }
  const { rows } = await ports.wanted.wantedRows(image);
  const found = await planRollback(
    {
      image,
      destination: tagRefOf(name, copy.reference),
      to,
      selection: wantedSelection(rows),
      provesSource: true,
      sourceDigests: await ports.rollbacks.sourceDigests(image, to),
      others: await otherPlaces(ports, image, name),
    },
    ports,
    signal,
  );
  if ('fault' in found) return refused(found.fault.code, found.fault.reason);
  return { kind: 'ready', to, before: copy.digest, from: found.from };
}

/** What became of a rollback that was requested. */
export function rollbackResult(
  { image, target, to, before }: RollbackInput & { readonly to: string; readonly before: string },
  copy: RollbackCopy | undefined,
): RollbackResult {
  const named = { image, target };
  if (copy === undefined) return { ...named, state: 'released' };
  const { reference, heldDigest, rollbackTo, refused: refusedTo, code = 'rollback-impossible', reason = '' } = copy;
  if (rollbackTo === to) return { ...named, state: 'pending', to, reason };
  if (heldDigest === to) return { ...named, state: 'held', reference, digest: to, before };
  return refusedTo === to
    ? { ...named, state: 'refused', code: code as FaultCode, reason }
    : { ...named, state: 'released' };
}

async function otherPlaces({ targets, rollbacks }: PreparePorts, image: string, except: string) {
  const others = targets.filter(({ name, engine }) => name !== except && engine === undefined);
  const copies = await Promise.all(others.map(async ({ name }) => ({ name, copy: await rollbacks.copy(image, name) })));
  return copies.flatMap(({ name, copy }) => (copy === undefined ? [] : [tagRefOf(name, copy.reference)]));
}

function refused(code: FaultCode, reason: string): PreparedRollback {
  return { kind: 'refused', code, reason };
}
