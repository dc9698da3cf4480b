import type {
  DigestFacts,
  IncidentFacts,
  NotificationFacts,
  ReleaseFacts,
  RunFacts,
  TestFacts,
} from './notification.js';

export interface Words {
  readonly title: string;
  readonly lines: readonly string[];
}

export type PrintTime = (at: number) => string;

/** All texts of one language, by what a notification is about. */
export interface MessageTexts extends Readonly<Record<NotificationFacts['about'], unknown>> {
  incident(facts: IncidentFacts, time: PrintTime): Words;
  run(facts: RunFacts): Words;
  release(facts: ReleaseFacts, time: PrintTime): Words;
  test(facts: TestFacts): Words;
  digest(facts: DigestFacts): Words;
  /** Of the link to the console. */
  readonly details: string;
}

const longestReason = 600;

/** A reason is one paragraph of a message, however long the answer of a registry was. */
export function briefReason(reason: string): string {
  const line = reason.replaceAll(/\s+/g, ' ').trim();
  return line.length <= longestReason ? line : `${line.slice(0, longestReason)}…`;
}

/** Docker Hub's images are known without its name. */
export function shortImage(image: string): string {
  return image.replace(/^docker\.io\/(?:library\/)?/, '');
}

/** `Dify`: names of upstreams begin with a capital in sentences. */
export function properName(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
