import { EventType } from './event-types.js';

/** By a word in the file's name, the first that fits: teams called their files differently. */
const words: readonly (readonly [RegExp, EventType])[] = [
  [/dify/, EventType.fetchDify],
  [/xinference/, EventType.fetchXinference],
  [/webhook|add[-_]?image/, EventType.addImage],
  [/sync|push[-_]?image/, EventType.syncImages],
];

/** What a GitHub Actions workflow file stood for: `sync-images.yml`, `fetch_dify.yaml`, `webhook.yml`; else undefined. */
export function eventOfWorkflowFile(file: string): EventType | undefined {
  const name = /^([\w.-]{1,100})\.ya?ml$/i.exec(file)?.[1]?.toLowerCase();
  return name === undefined ? undefined : words.find(([word]) => word.test(name))?.[1];
}
