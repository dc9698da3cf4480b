import { fetchId } from '../domain/upstream.js';
import { EventType } from './event-types.js';

const addImage = '(?:webhook|add[-_]?images?)';
const syncImages = '(?:sync|push)[-_]?images?';

/**
 * The event type of a GitHub Actions workflow file: `sync-images.yml`, `fetch_dify.yaml`, `webhook.yml`; undefined if
 * none matches. Since teams name their files differently, a word in the name is sufficient if no complete name matches:
 * first the upstreams, longest name first.
 *
 * @param upstreams names of the configured upstreams
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

/** Names of upstreams consist of letters, digits and dashes: no character is special in a regular expression. */
function anyDash(text: string, before = '', after = ''): RegExp {
  return new RegExp(`${before}${text.replaceAll('-', '[-_]')}${after}`);
}
