import type { ImageReference } from '@image-ferry/registry/reference';

import { addressRefusal, decideSource } from './source-allow-list.js';
import type { HostAddress, SourceRules } from './source-allow-list.js';

/** Resolves the host of a reference to its addresses; empty if they are not known. */
export type HostAddresses = (host: string) => Promise<readonly HostAddress[]>;

/** Decides whether the requested sources are allowed. Rows that are already in the table are not checked. */
export interface SourceGate {
  /** Returns for each reference the reason why it is refused, or undefined. */
  refusals(references: readonly ImageReference[]): Promise<readonly (string | undefined)[]>;
}

/** A gate that exposes its rules. */
export interface RuledSourceGate extends SourceGate {
  readonly rules: SourceRules;
}

export function createSourceGate(rules: SourceRules, addressesOf: HostAddresses): RuledSourceGate {
  return {
    rules,
    async refusals(references) {
      // Each host is resolved once, even if many of its images are requested.
      const lookUps = new Map<string, ReturnType<HostAddresses>>();
      const lookUp = (host: string): ReturnType<HostAddresses> => {
        const running = lookUps.get(host) ?? addressesOf(host);
        lookUps.set(host, running);
        return running;
      };
      return await Promise.all(
        references.map(async (reference) => {
          const decision = decideSource(reference, rules);
          if (decision.kind === 'accepted') return undefined;
          if (decision.kind === 'refused') return decision.reason;
          return addressRefusal(decision.host, await lookUp(decision.host)) ?? decision.reason;
        }),
      );
    },
  };
}
