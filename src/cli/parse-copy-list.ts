import { InvalidInput } from '../domain/ferry-error.js';
import { printImageReference } from '../../packages/registry/src/oci/image-reference.js';
import type { ImageReference } from '../../packages/registry/src/oci/image-reference.js';
import { isPlatformWord } from '../../packages/registry/src/oci/platform.js';
import { targetTag } from '../domain/target-name.js';
import { assertAllDifferent, parseTarget, parseTyped } from './copy-references.js';
import type { CopyTyped, Typed } from './copy-references.js';
import type { ListLine } from './list-file.js';

/** Faults of a list that are said one by one. */
const mostTold = 50;

/** One line of a list: an image and where it goes. */
export interface CopyJob {
  readonly source: Typed;
  readonly targets: readonly CopyTyped[];
}

/**
 * Reads the lines of a list: a source, and references to copy it to. A line without them goes below each of `places`
 * (`host[/path]`) under its own path and tag.
 *
 * @throws InvalidInput with every fault of the list at once
 */
export function parseCopyList(lines: readonly ListLine[], places: readonly string[]): readonly CopyJob[] {
  const faults: string[] = [];
  const jobs = lines.flatMap(({ number, text }) => {
    try {
      return [parseLine(text, places)];
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      faults.push(`line ${number}: ${error.message}`);
      return [];
    }
  });
  if (lines.length === 0) faults.push('there is no image in it');
  const found = faults.length > 0 ? faults : [...sharedTargets(jobs), ...targetsReadFrom(jobs)];
  if (found.length > 0) throw new InvalidInput(`the list has faults:${told(found)}`, 'invalid-reference');
  return jobs;
}

/** A file that is no list at all has a fault in each of its lines. */
function told(faults: readonly string[]): string {
  const shown = faults.slice(0, mostTold).map((fault) => `\n  - ${fault}`);
  const more = faults.length - shown.length;
  return `${shown.join('')}${more === 0 ? '' : `\n  - and ${more} more`}`;
}

function parseLine(text: string, places: readonly string[]): CopyJob {
  const [first = '', ...own] = text.split(/\s+/);
  const platform = [first, ...own].find((word) => isPlatformWord(word) || word.startsWith('--'));
  if (platform !== undefined) {
    throw new InvalidInput(
      `"${platform}" stands where a reference was expected: platforms of a list are given by --platform of the command`,
      'invalid-reference',
    );
  }
  const source = parseTyped(first);
  const wanted = own.length > 0 ? own : places.map((place) => below(place, source.reference));
  if (wanted.length === 0) {
    throw new InvalidInput(
      `"${text}" does not say where the image goes: name places after the list`,
      'invalid-reference',
    );
  }
  const targets = wanted.map((target) => parseTarget(target, source.reference));
  assertAllDifferent(targets);
  return { source, targets };
}

function below(place: string, source: ImageReference): string {
  return `${place.replace(/\/+$/, '')}/${source.path}:${targetTag(source)}`;
}

/** Two images that fall on one tag: whichever came last would stay. */
function sharedTargets(jobs: readonly CopyJob[]): readonly string[] {
  const owners = new Map<string, string>();
  const faults: string[] = [];
  for (const { source, targets } of jobs) {
    for (const { target } of targets) {
      const owner = owners.get(target.name);
      if (owner !== undefined) faults.push(`${target.name} would get two images: ${owner} and ${source.text}`);
      owners.set(target.name, source.text);
    }
  }
  return faults;
}

/** Images are copied at the same time: which of two would be read from such a tag, nobody could say. */
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
      `${name} is read from, and ${writer} goes to it: put the two into lists that are copied one after the other`,
    ];
  });
}
