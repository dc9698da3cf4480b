import { knownText } from '../domain/compose-interpolation.js';
import type { Lookup } from '../domain/compose-interpolation.js';
import type { FindRule } from '../domain/found-image.js';
import { referenceOf } from '../domain/image-text.js';
import type { Discovery } from './discovery.js';
import { readInstructions } from './dockerfile-instructions.js';
import type { Instruction } from './dockerfile-instructions.js';

export interface DockerfileOptions {
  /** Path of the file, for evidence. */
  readonly source: string;
  /** Build arguments; they override the defaults in the file. */
  readonly args?: Lookup | undefined;
  /** Build arguments that are given, with a value that is not known. */
  readonly unknownArgs?: ReadonlySet<string> | undefined;
  /** Build contexts with names of their own, which hide images. */
  readonly contexts?: ReadonlySet<string> | undefined;
}

/** BuildKit sets these. Stages such as `build-$TARGETARCH` exist for each platform. */
const platformArgs: readonly (readonly [string, string])[] = ['TARGET', 'BUILD'].flatMap((side) => [
  [`${side}PLATFORM`, 'linux/amd64'],
  [`${side}OS`, 'linux'],
  [`${side}ARCH`, 'amd64'],
]);

/**
 * Finds the images that a build pulls: of `FROM`, `COPY --from`, `RUN --mount=from=` and `# syntax=`. Stages of the build
 * itself and `scratch` are left out. Variables get their values from `ARG` before the first `FROM`.
 */
export function readDockerfile(discovery: Discovery, text: string, options: DockerfileOptions): void {
  const { source, args = () => undefined, unknownArgs = new Set(), contexts = new Set() } = options;
  const { instructions, syntax } = readInstructions(text);
  const stages = new Set(contexts);
  const defaults = new Map(platformArgs);
  const lookup: Lookup = (name) => (unknownArgs.has(name) ? undefined : (args(name) ?? defaults.get(name)));
  let count = 0;

  if (syntax !== undefined) add(syntax.image, syntax.line, 'dockerfile-syntax', 'syntax');
  for (const one of instructions) {
    if (one.name === 'ARG' && count === 0) readArgs(one.rest);
    else if (one.name === 'FROM') readFrom(one);
    else readUses(one.name === 'ONBUILD' ? inner(one) : one);
  }

  function readArgs(rest: string): void {
    for (const [, name = '', , double, single, bare] of rest.matchAll(
      /([A-Za-z_]\w*)(=(?:"([^"]*)"|'([^']*)'|(\S*)))?/g,
    )) {
      const value = double ?? single ?? bare;
      if (value === undefined) continue;
      const read = knownText(value, lookup);
      if ('text' in read) defaults.set(name, read.text);
    }
  }

  function readFrom({ rest, line }: Instruction): void {
    const [image = '', as = '', name = ''] = rest.split(/\s+/);
    if (!stages.has(image.toLowerCase()) && image !== 'scratch') add(image, line, 'dockerfile-from', 'FROM');
    if (as.toLowerCase() === 'as') stages.add(name.toLowerCase());
    count += 1;
  }

  function readUses({ name, flags, line }: Instruction): void {
    for (const flag of flags) {
      if ((name === 'COPY' || name === 'ADD') && flag.name === 'from') addUse(flag.value, line, 'dockerfile-copy');
      const from = name === 'RUN' && flag.name === 'mount' ? /(?:^|,)from=([^,]+)/.exec(flag.value)?.[1] : undefined;
      if (from !== undefined) addUse(from, line, 'dockerfile-mount');
    }
  }

  /** A stage by its name or number, or an image. */
  function addUse(text: string, line: number, rule: FindRule): void {
    const bare = text.replace(/^["']|["']$/g, '');
    if (/^\d+$/.test(bare) || stages.has(bare.toLowerCase()) || bare === 'scratch') return;
    add(bare, line, rule, rule === 'dockerfile-copy' ? 'COPY --from' : 'RUN --mount=from');
  }

  function add(written: string, line: number, rule: FindRule, path: string): void {
    const what = `${source}:${line} ${path} ${written.slice(0, 200)}`;
    const read = knownText(written, lookup);
    if ('gap' in read) return discovery.unknownImage(what, read.gap);
    // `FROM ${BASE}` may name a stage or nothing at all.
    if (stages.has(read.text.toLowerCase()) || read.text === 'scratch') return undefined;
    const reference = referenceOf(read.text);
    if (reference === undefined) return discovery.unknownImage(what, `"${read.text}" is not an image reference`);
    return discovery.find(reference, 'certain', { source, line, path, rule, text: written });
  }
}

function inner({ rest, line }: Instruction): Instruction {
  return (
    readInstructions(rest).instructions.map((one) => ({ ...one, line }))[0] ?? { name: '', flags: [], rest: '', line }
  );
}
