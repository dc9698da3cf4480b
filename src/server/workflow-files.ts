import { fetchId } from '../domain/upstream.js';
import { EventType } from './event-types.js';

const addImage = '(?:webhook|add[-_]?images?)';
const syncImages = '(?:sync|push)[-_]?images?';

/**
 * The event type that a GitHub Actions workflow file stands for: `sync-images.yml`, `fetch_dify.yaml`, `webhook.yml`;
 * else undefined. Teams name their files differently, so that a word in the name is enough where no name fits as a whole:
 * that of an upstream before any other, the longest first.
 *
 * @param upstreams names of the configured ones
 */
export function eventOfWorkflowFile(file: string, upstreams: readonly string[]): string | undefined {
  const name = /^([\w.-]{1,100})\.ya?ml$/i.exec(file)?.[1]?.toLowerCase();
  if (name === undefined) return undefined;
  const byLength = upstreams.toSorted((a, b) => b.length - a.length);
  const patterns: readonly (readonly [RegExp, string])[] = [
    [new RegExp(`^${addImage}$`), EventType.addImage],
    [new RegExp(`^${syncImages}$`), EventType.syncImages],
    ...[EventType.fetchUpstream, ...byLength.map(fetchId)].map((type) => [anyDash(type, '^', '$'), type] as const),
    ...byLength.map((upstream) => [anyDash(upstream), fetchId(upstream)] as const),
    [new RegExp(addImage), EventType.addImage],
    [new RegExp(`sync|${syncImages}`), EventType.syncImages],
  ];
  return patterns.find(([pattern]) => pattern.test(name))?.[1];
}

/** Names of upstreams have letters, digits and dashes alone: nothing in them is special in a regular expression. */
function anyDash(text: string, before = '', after = ''): RegExp {
  return new RegExp(`${before}${text.replaceAll('-', '[-_]')}${after}`);
}
