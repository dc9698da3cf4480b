import type { ImageReference } from '../../packages/registry/src/oci/image-reference.js';
import type { HostAddress, SourceRules } from './source-allow-list.js';
import { addressRefusal, decideSource } from './source-allow-list.js';

/** The addresses that the host of a reference leads to; none where nobody knows them. */
export type HostAddresses = (host: string) => Promise<readonly HostAddress[]>;

/** Whether images may come from where a request says; asked for everything that is not a row of the table already. */
export interface SourceGate {
  /** For each reference the reason why it is refused, or undefined. */
  refusals(references: readonly ImageReference[]): Promise<readonly (string | undefined)[]>;
}

/** A gate that says what it decides by, besides the addresses of hosts. */
export interface RuledSourceGate extends SourceGate {
  readonly rules: SourceRules;
}

export function createSourceGate(rules: SourceRules, addressesOf: HostAddresses): RuledSourceGate {
  return {
    rules,
    async refusals(references) {
      // Each host is looked up once, however many images of it are asked for.
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
