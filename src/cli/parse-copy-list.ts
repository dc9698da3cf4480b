import { isPlatformWord } from '@image-ferry/registry/platform';
import { printImageReference } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { InvalidInput } from '../domain/ferry-error.js';
import { commonTag } from '../domain/target-tag.js';
import { assertAllDifferent, parseTarget, parseTyped } from './copy-references.js';
import type { CopyTyped, Typed } from './copy-references.js';
import type { ListLine } from './list-file.js';

/** Maximum number of errors of a list that are printed. */
const maxListedErrors = 50;

/** One line of a list: an image and its targets. */
export interface CopyJob {
  readonly source: Typed;
  readonly targets: readonly CopyTyped[];
}

/**
 * Parses the lines of a list: a source, then references to copy it to. A line without targets goes below each of
 * `targetPrefixes` (`host[/path]`), under its own path and tag.
 *
 * @throws InvalidInput with every error of the list at once
 */
export function parseCopyList(lines: readonly ListLine[], targetPrefixes: readonly string[]): readonly CopyJob[] {
  const faults: string[] = [];
  const jobs = lines.flatMap(({ number, text }) => {
    try {
      return [parseLine(text, targetPrefixes)];
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      faults.push(`line ${number}: ${error.message}`);
      return [];
    }
  });
  if (lines.length === 0) faults.push('it contains no image');
  const found = faults.length > 0 ? faults : [...sharedTargets(jobs), ...targetsReadFrom(jobs)];
  if (found.length > 0) throw new InvalidInput(`the list has errors:${formatFaults(found)}`, 'invalid-reference');
  return jobs;
}

/** Cut at a maximum: a file that is no list at all has an error in each line. */
function formatFaults(faults: readonly string[]): string {
  const shown = faults.slice(0, maxListedErrors).map((fault) => `\n  - ${fault}`);
  const more = faults.length - shown.length;
  return `${shown.join('')}${more === 0 ? '' : `\n  - and ${more} more`}`;
}

function parseLine(text: string, targetPrefixes: readonly string[]): CopyJob {
  const [first = '', ...own] = text.split(/\s+/);
  const platform = [first, ...own].find((word) => isPlatformWord(word) || word.startsWith('--'));
  if (platform !== undefined) {
    throw new InvalidInput(
      `"${platform}" is not an image reference: set the platforms of a list with the command's --platform`,
      'invalid-reference',
    );
  }
  const source = parseTyped(first);
  const wanted = own.length > 0 ? own : targetPrefixes.map((prefix) => below(prefix, source.reference));
  if (wanted.length === 0) {
    throw new InvalidInput(
      `"${text}" has no target: add one to the line, or pass prefixes (host/path) after the list`,
      'invalid-reference',
    );
  }
  const targets = wanted.map((target) => parseTarget(target, source.reference));
  assertAllDifferent(targets);
  return { source, targets };
}

function below(prefix: string, source: ImageReference): string {
  return `${prefix.replace(/\/+$/, '')}/${source.path}:${commonTag(source)}`;
}

/** Two images for one tag: the later one would overwrite the earlier. */
function sharedTargets(jobs: readonly CopyJob[]): readonly string[] {
  const owners = new Map<string, string>();
  const faults: string[] = [];
  for (const { source, targets } of jobs) {
    for (const { target } of targets) {
      const owner = owners.get(target.name);
      if (owner !== undefined) faults.push(`${target.name} is the target of two images: ${owner} and ${source.text}`);
      owners.set(target.name, source.text);
    }
  }
  return faults;
}

/** Images are copied in parallel, so it would be undefined which of two contents is read from such a tag. */
function targetsReadFrom(jobs: readonly CopyJob[]): readonly string[] {
  const writers = new Map(
    jobs.flatMap(({ source, targets }) => targets.map(({ target }) => [target.name, source.text])),
  );
  return jobs.flatMap(({ source: { reference, text } }) => {
    if (reference.digest !== undefined) return [];
    const name = printImageReference(reference);
    const writer = writers.get(name);
    if (writer === undefined || writer === text) return [];
    return [
      `${name} is a source and also the target of ${writer}: split them into two lists and copy these one after the other`,
    ];
  });
}
