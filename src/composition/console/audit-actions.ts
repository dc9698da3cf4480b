import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { FerryError } from '../../domain/ferry-error.js';
import { refusal } from '../../server/problems.js';
import type { AuditActions } from '../../server/v1/audit-actions-routes.js';
import type { ConsoleWork } from '../../server/v1/console-work.js';
import type { AuditWork } from '../../server/v1/temporal-audit-work.js';
import type { StatusDatabase } from '../status-database.js';
import { assertTargets } from './known-targets.js';

export interface AuditActionsOptions {
  readonly writing: StatusDatabase;
  readonly work: AuditWork & Pick<ConsoleWork, 'requestSync'>;
  /** Names of the configured targets. */
  readonly targets: readonly string[];
}

/** Audits, rollbacks and releases, as the commands of these names do them. */
export function createAuditActions({ writing, work, targets: configured }: AuditActionsOptions): AuditActions {
  return {
    async audit({ targets, deep }, { name }) {
      assertTargets(targets ?? [], configured);
      return { requested: true, ...(await work.audit({ targets, deep, who: whoOf(name) })) };
    },
    async rollback({ image, target, to }, { name }) {
      assertTargets([target], configured);
      const asked = { image: canonical(image), target };
      try {
        const result = await work.rollback({ ...asked, to, who: whoOf(name) });
        return result ?? { ...asked, state: 'requested' };
      } catch (error) {
        if (!(error instanceof FerryError)) throw error;
        if (error.code === 'busy') throw refusal(409, error.message);
        if (error.code === 'cancelled') {
          // What it recorded before is still made by the next sync run.
          const rest = `"ferry status ${asked.image}" shows what it left, "ferry release" calls it off`;
          throw refusal(409, `${error.message}; ${rest}`);
        }
        throw error;
      }
    },
    async release({ image: named, target }, { name }) {
      assertTargets([target], configured);
      const image = canonical(named);
      const who = whoOf(name);
      const released = await writing.read(
        async ({ rollbacks }) => await rollbacks.release(image, target === undefined ? undefined : [target], who),
      );
      if (released.length === 0) return { image, released, syncRequested: false };
      try {
        await work.requestSync(`${who}: release`);
        return { image, released, syncRequested: true };
      } catch (error) {
        if (!(error instanceof FerryError)) throw error;
        return { image, released, syncRequested: false, fault: error.message };
      }
    },
  };
}

function whoOf(name: string): string {
  return `console: ${name}`;
}

function canonical(image: string): string {
  return printImageReference(parseImageReference(image));
}
