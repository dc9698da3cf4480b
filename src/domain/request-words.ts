import { isPlatformWord } from '@image-ferry/registry/platform';
import { excerpt, parseImageReference } from '@image-ferry/registry/reference';

import { InvalidInput } from './ferry-error.js';

/** How to rename copies. */
export const namesOfCopies = 'set names on a target with "names" in ferry.yaml';

/** The classified words of a line, without bullets, quotes and prompts. */
export interface LineWords {
  readonly kind: 'words';
  /** All images, in their order. */
  readonly images: readonly string[];
  /** The images in groups: commas separate groups, blanks separate the images of a group. */
  readonly segments: readonly (readonly string[])[];
  readonly platforms: readonly string[];
  /** Whether the line is a pull command. */
  readonly isPull: boolean;
}

type Outcome = LineWords | { readonly kind: 'refused'; readonly reason: string };

const bullet = /^\s*(?:[-*+•·–—]|\d{1,3}[.)])\s+(?:\[[ xX]?\]\s+)?/;
const prompt = /^(?:[$%>]\s+)?(?:sudo\s+(?:-\S+\s+)*)?/;
const pull =
  /^(?:(?:docker|podman|nerdctl|finch)\s+(?:image\s+)?pull|crictl\s+pull|(?:nerdctl|ctr)(?:\s+(?:-n|--namespace)[= ]\S+)?\s+(?:images?|i)?\s*pull)\s+/;
const program =
  /^(?:docker|docker-compose|podman|nerdctl|finch|crictl|ctr|crane|gcrane|skopeo|regctl|regsync|oras|buildah|kubectl|helm|image-syncer|imgpkg|wget|curl|echo|FROM|RUN)$/;
const copies = /^(?:copy|cp|sync|tag|push|mutate|append)$/;
/** `image: x`, in YAML and in the output of `kubectl describe`. */
const imageKey = /^["']?images?["']?\s*(?:[:：](?:\s+|$|(?=["'[]))|=\s*)/i;
const platformKey = /^["']?platforms?["']?[:：=](.*)$/i;
const separators = /[,;，、；]/;
const arrow = /^(?:[-=~]*>+|→|⇒|➔|➜|⟶|=|:=|as|AS)$/;
const arrowInside = /->|=>|→|⇒|➔|➜|⟶|[=$|>]/;
const platformOption = /^[-–—]{1,2}platforms?(?:=(.*))?$/i;
const idleOptions = /^(?:-q|--quiet|--disable-content-trust(?:=\w+)?)$/;

/** Splits a line into images and platforms. Refused if it contains anything else. */
export function lineWords(line: string): Outcome {
  const bare = line.replace(bullet, '').replace(prompt, '').trim();
  const command = pull.exec(bare);
  const rest = (command === null ? bare : bare.slice(command[0].length)).replace(imageKey, '');
  const [first = '', second = ''] = bare.split(/\s+/);
  if (command === null && second !== '' && program.test(first)) return notPull(bare, first);

  const platforms: string[] = [];
  const segments: string[][] = [];
  let expectsPlatform = false;
  for (const group of rest.split(separators)) {
    const segment: string[] = [];
    for (const written of group.split(/\s+/)) {
      const option = platformOption.exec(unwrapped(written)) ?? platformKey.exec(written);
      if (option !== null) {
        const value = unwrapped(option[1] ?? '');
        if (value === '') expectsPlatform = true;
        else platforms.push(value);
        continue;
      }
      // An arrow ends like a quoted word.
      const word = arrow.test(written) ? written : unwrapped(written);
      if (word === '') continue;
      if (expectsPlatform) {
        platforms.push(word);
        expectsPlatform = false;
        continue;
      }
      const refusal = idleOptions.test(word) ? undefined : foreign(word, bare);
      if (refusal !== undefined) return { kind: 'refused', reason: refusal };
      if (idleOptions.test(word)) continue;
      const [image, platform] = divided(word);
      if (platform !== undefined) platforms.push(platform);
      if (image !== undefined) segment.push(image);
    }
    if (segment.length > 0) segments.push(segment);
  }
  if (expectsPlatform) return { kind: 'refused', reason: 'no platform follows --platform: type one, like linux/arm64' };
  const images = segments.flat();
  const chained = command === null ? undefined : images.find((word) => program.test(word));
  if (chained !== undefined)
    return { kind: 'refused', reason: 'it contains several commands: write each on its own line' };
  return {
    kind: 'words',
    images,
    segments,
    platforms: platforms.filter((one) => one !== ''),
    isPull: command !== null,
  };
}

/** Splits one word into image and platform: `nginx:1.27`, `linux/arm64`, `nginx:1.27@linux/arm64`. */
function divided(word: string): readonly [string | undefined, string?] {
  if (isPlatformWord(word)) return [undefined, word];
  const [, image, platform] = /^(.+?)[@([]([^@()[\]]+)[)\]]?$/.exec(word) ?? [];
  const isBoth = image !== undefined && platform !== undefined && platform.includes('/') && isPlatformWord(platform);
  return isBoth ? [image, platform] : [word];
}

/** Why a word makes the whole line unclear. */
function foreign(word: string, line: string): string | undefined {
  if (/[{}]|^\$|<[^>]*$|%[sv]/.test(word)) {
    return `"${excerpt(word)}" is a variable or a placeholder without a value: type the image itself`;
  }
  if (word.startsWith('|') || word.endsWith('|')) return `it is a row of a table: ${aloneOf(line)}`;
  const isMapped = /[:：]$/.test(word) && line.trim().includes(' ');
  if (isMapped || arrow.test(word) || arrowInside.test(withoutQuery(word))) {
    return `it renames the copy, which a request cannot do: ${aloneOf(line)}; ${namesOfCopies}`;
  }
  if (/^(?:&&|\|\||&|\\)$/.test(word)) return 'it contains several commands: write each on its own line';
  if (/^[-–—]/.test(word)) {
    return `unknown option "${excerpt(word)}": ${aloneOf(line)}, with --platform if needed`;
  }
  return undefined;
}

/** The query of an address copied from a browser may contain anything. */
function withoutQuery(word: string): string {
  return word.replace(/^(https?:\/\/[^?]*)\?.*$/i, '$1');
}

function notPull(line: string, first: string): Outcome {
  const isCopy = line.split(/\s+/).some((word) => copies.test(word));
  const what = isCopy
    ? `it is a command of ${first} that sets the destination, but the ferry's targets decide where images go`
    : `it is a command of ${first}, not an image`;
  return { kind: 'refused', reason: `${what}: ${aloneOf(line)}` };
}

/** Suggests the first word of the line that can only be an image. */
function aloneOf(line: string): string {
  const words = line
    .replace(/->|=>|→|⇒|➔|➜|⟶|[=$|>,;，、；]/g, ' ')
    .split(/\s+/)
    .map((word) =>
      unwrapped(word)
        .replace(/[:：]$/, '')
        .replace(/^[a-z][a-z0-9+.-]*:\/\//i, ''),
    );
  const image = words.find(
    (word) =>
      /[/:]/.test(word) &&
      !/^\d+:\d+$/.test(word) &&
      !isPlatformWord(word) &&
      !word.startsWith('-') &&
      isReference(word),
  );
  return image === undefined ? 'type the image alone' : `type "${image}" alone`;
}

function isReference(word: string): boolean {
  try {
    parseImageReference(word);
    return true;
  } catch (error) {
    if (error instanceof InvalidInput) return false;
    throw error;
  }
}

/** Removes the quotes and brackets of a list, but not the brackets of an IPv6 address. */
function unwrapped(written: string): string {
  let word = written.replace(/^["'`“”‘’«»]+/, '').replace(/["'`“”‘’«»]+$/, '');
  while (/^[[(<【「（]/.test(word) && !/^\[[0-9a-f:.]+\](?::\d+)?(?:\/|$)/i.test(word)) word = word.slice(1);
  while (/[\])>】」）]$/.test(word) && !isClosed(word)) word = word.slice(0, -1);
  return word === written ? word : unwrapped(word);
}

/** `nginx:1.27(linux/arm64)` and `[::1]` end with a bracket of their own. */
function isClosed(word: string): boolean {
  return /[([][^()[\]]*[)\]]$/.test(word);
}
