import { readConfig } from '../../config/read-config.js';
import type { FerryConfig } from '../../config/read-config.js';
import { composeOverride, composeRewrite } from '../../consumers/compose-files.js';
import type { ConsumerOutput } from '../../consumers/consumer-output.js';
import { dockerDaemon } from '../../consumers/docker-daemon.js';
import { helmValues } from '../../consumers/helm-values.js';
import { hostsToml } from '../../consumers/hosts-toml.js';
import { k3sRegistries } from '../../consumers/k3s-registries.js';
import { kustomizeImages } from '../../consumers/kustomize-images.js';
import { kyvernoPolicy } from '../../consumers/kyverno-policy.js';
import { manifestRewrite } from '../../consumers/manifest-rewrite.js';
import type { MirrorIndex, MirrorName } from '../../consumers/mirror-index.js';
import { mirrorSets } from '../../consumers/mirror-sets.js';
import { mutatingPolicies } from '../../consumers/mutating-policy.js';
import { registriesConf } from '../../consumers/registries-conf.js';
import { releaseCompose } from '../../consumers/release-compose.js';
import { MirroredImageQueries } from '../../database/pushed/mirrored-images.js';
import { ReleaseStore } from '../../database/release-store.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { latestRelease } from '../../domain/release-file.js';
import type { Target } from '../../domain/target.js';
import { printMessage } from '../output.js';
import { checkFiles } from '../use/check-files.js';
import { chosenTarget, engineOptions, mirrorIndex, targetNote } from '../use/mirror-target.js';
import { inPlace, printConsumerOutput } from '../use/print-consumer-output.js';
import { readExactly } from '../use/read-exactly.js';
import { imagesOfFiles } from '../use/read-file-images.js';
import { readProject } from '../use/read-project.js';
import { withReadOnlyDatabase } from '../with-read-only-database.js';

export interface UseOptions {
  readonly target?: string;
  readonly endpoint?: string;
  readonly digest?: boolean;
  readonly rewrite?: boolean;
  readonly output?: string;
  readonly partial?: boolean;
  readonly podsOnly?: boolean;
  readonly check?: boolean;
  readonly recorded?: boolean;
  readonly json?: boolean;
}

/** Formats that are made of one file. */
const fileFormats = ['compose', 'k8s', 'kustomize', 'helm-values'] as const;
type FileFormat = (typeof fileFormats)[number];

/** Formats of everything on the target, or of the images of some files. */
const engineFormats = ['mutating-policy', 'kyverno', 'registries.conf', 'hosts.toml', 'k3s', 'idms', 'docker'] as const;
type EngineFormat = (typeof engineFormats)[number];

/** Prints files in which images have the names of a target. */
export async function useCommand(words: readonly string[], options: UseOptions): Promise<number> {
  const config = readConfig(process.env);
  if (options.check === true) return await checkFiles(words, config, options);
  const [what, ...rest] = words;
  const target = chosenTarget(config.targets, options.target);
  const note = targetNote(target, options);
  if (note !== undefined) printMessage(`note: ${note}`);
  const fileFormat = fileFormats.find((format) => format === what);
  if (fileFormat !== undefined) return await useFile(fileFormat, rest, { config, target, options });
  const engineFormat = engineFormats.find((format) => format === what);
  if (engineFormat !== undefined) return await useEngine(engineFormat, rest, { config, target, options });
  const upstream = config.upstreams.find(({ name }) => name === what);
  if (upstream !== undefined) return await useRelease(upstream.name, rest, { config, target, options });
  throw new InvalidInput(
    `${what === undefined ? 'name a format' : `unknown format "${what}"`}: "ferry use" with one of ${[...fileFormats, ...engineFormats].join(', ')}; or of an upstream: ${config.upstreams.map(({ name }) => name).join(', ')}`,
    'configuration',
  );
}

interface Use {
  readonly config: FerryConfig;
  readonly target: Target;
  readonly options: UseOptions;
}

async function useFile(format: FileFormat, files: readonly string[], use: Use): Promise<number> {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) {
    throw new InvalidInput(`ferry use ${format} takes one file, ${files.length} are given`, 'configuration');
  }
  const { target, options } = use;
  const canRewrite = format === 'compose' || format === 'k8s';
  if (options.rewrite === true && !canRewrite) {
    throw new InvalidInput(
      `--rewrite is for compose and k8s; ferry use ${format} prints a file of its own`,
      'configuration',
    );
  }
  const output = options.output ?? (options.rewrite === true ? inPlace(file) : undefined);
  const result = await convert(format, file, await openIndex(use), options);
  return await printConsumerOutput(result, { ...options, output }, { target: target.name });
}

async function convert(
  format: FileFormat,
  file: string,
  index: MirrorIndex,
  options: UseOptions,
): Promise<ConsumerOutput> {
  switch (format) {
    case 'compose':
      return await convertCompose(file, index, options);
    case 'k8s':
      return manifestRewrite(await readExactly(file), index, file);
    case 'kustomize':
      return kustomizeImages(await readExactly(file), index, file);
    case 'helm-values':
      return helmValues(await readExactly(file), index, file);
    default:
      return format satisfies never;
  }
}

async function convertCompose(
  file: string,
  index: MirrorIndex,
  { rewrite = false }: UseOptions,
): Promise<ConsumerOutput> {
  if (file === '-') {
    throw new InvalidInput('ferry use compose needs a file: its .env and other files are beside it', 'configuration');
  }
  const text = await readExactly(file);
  const { services, skipped, unread, notes } = await readProject(file, text);
  for (const { what, reason } of skipped) printMessage(`left out: ${what}: ${reason}`);
  for (const note of notes) printMessage(`note: ${note}`);
  const unknown = unread.map(({ what, reason }) => `${what}: ${reason}`);
  if (services.length === 0) {
    throw new InvalidInput(
      `${file} has no service with an image${unknown.length === 0 ? '' : ` that is known: ${unknown.join('; ')}`}`,
      'configuration',
    );
  }
  const made = rewrite
    ? composeRewrite(text, services, index, file)
    : composeOverride(services, index, { where: file, comment: `docker compose -f ${file} -f THIS_FILE up` });
  return { ...made, gaps: [...made.gaps, ...unknown] };
}

async function useEngine(format: EngineFormat, files: readonly string[], use: Use): Promise<number> {
  const { config, target, options } = use;
  if (options.rewrite === true) throw new InvalidInput('--rewrite is for compose and k8s', 'configuration');
  const index = await openIndex(use);
  const { names, missing, gaps } = await namesOf(files, index);
  if (names.length === 0 && missing.length === 0 && gaps.length === 0) {
    throw new InvalidInput(`no image is on target ${target.name}: "ferry list pushed" shows what is`, 'configuration');
  }
  const pinned = options.digest === true;
  const engine = engineOptions(target, config, options);
  if (pinned && format !== 'mutating-policy' && format !== 'kyverno') {
    throw new InvalidInput(
      `--digest does not fit ${format}: it maps repositories, and pulls keep their own tags and digests`,
      'configuration',
    );
  }
  const made = (): ConsumerOutput => {
    switch (format) {
      case 'mutating-policy':
        return mutatingPolicies(names, index, { target: target.name, pinned, podsOnly: options.podsOnly === true });
      case 'kyverno':
        return kyvernoPolicy(names, index, { target: target.name, pinned });
      case 'registries.conf':
        return registriesConf(names, engine);
      case 'hosts.toml':
        return hostsToml(names, engine);
      case 'k3s':
        return k3sRegistries(names, index.names, engine);
      case 'idms':
        return mirrorSets(names, engine);
      case 'docker':
        return dockerDaemon(names, index.names, engine);
      default:
        return format satisfies never;
    }
  };
  const result = made();
  const whole = { ...result, missing: [...missing, ...result.missing], gaps: [...gaps, ...result.gaps] };
  return await printConsumerOutput(whole, options, { target: target.name, isFolder: format === 'hosts.toml' });
}

/** The compose file of a release that a check of the upstream has stored. */
async function useRelease(
  upstream: string,
  words: readonly string[],
  { config, target, options }: Use,
): Promise<number> {
  const [release = latestRelease, ...others] = words;
  if (others.length > 0) {
    throw new InvalidInput(`ferry use ${upstream} takes one release, such as 1.10.0 or latest`, 'configuration');
  }
  if (options.rewrite === true) throw new InvalidInput('--rewrite is for files; use --output', 'configuration');
  const result = await withReadOnlyDatabase(config, async (database) => {
    const releases = new ReleaseStore(database);
    const stored = await releases.read(upstream, release);
    if (stored === undefined) {
      const known = await releases.list(upstream);
      throw new InvalidInput(
        `${upstream} ${release} is not stored: ${known.length === 0 ? `no release is yet; "ferry fetch ${upstream} --scope release" reads the newest` : `stored are ${known.join(', ')}`}`,
        'configuration',
      );
    }
    const images = await new MirroredImageQueries(database).all([target]);
    return releaseCompose(upstream, stored, mirrorIndex(images, target, options));
  });
  return await printConsumerOutput(result, options, { target: target.name });
}

/** Everything on the target, or the images of the files. */
async function namesOf(
  files: readonly string[],
  index: MirrorIndex,
): Promise<Pick<ConsumerOutput, 'missing' | 'gaps'> & { readonly names: readonly MirrorName[] }> {
  if (files.length === 0) return { names: index.names, missing: [], gaps: [] };
  const names = new Set<MirrorName>();
  const missing: ConsumerOutput['missing'][number][] = [];
  const { images, notes, unread } = await imagesOfFiles(files);
  for (const note of notes) printMessage(`note: ${note}`);
  for (const { image, reference, where } of images) {
    const found = index.find(reference);
    if (found.kind === 'there') names.add(found.name);
    else if (found.kind === 'missing') missing.push({ image, where, reason: found.reason });
  }
  return { names: [...names], missing, gaps: unread };
}

async function openIndex({ config, target, options }: Use): Promise<MirrorIndex> {
  return await withReadOnlyDatabase(config, async (database) =>
    mirrorIndex(await new MirroredImageQueries(database).all([target]), target, options),
  );
}
