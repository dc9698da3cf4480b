import { difyUpstream, xinferenceUpstream } from '../domain/built-in-upstreams.js';
import { parseDuration } from '../domain/duration.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { parseImageReference, sourceRepository } from '../domain/image-reference.js';
import { parsePlatformSelection, printPlatform } from '../domain/platform.js';
import { VersionOrder } from '../domain/release-version.js';
import { checkRange, tagExpression } from '../domain/tag-rules.js';
import type { Target } from '../domain/target.js';
import type {
  ComposeUpstream,
  ImagePlatforms,
  ReleaseUpstream,
  ServicePatterns,
  TagsUpstream,
  Upstream,
  UpstreamSchedule,
} from '../domain/upstream.js';
import { FetchScope } from '../domain/upstream.js';
import type { Environment } from './environment.js';
import type { FaultList } from './fault-list.js';
import type {
  CustomEntry,
  DifyEntry,
  EveryEntry,
  GitHubEntry,
  PatternsEntry,
  UpstreamEntries,
  XinferenceEntry,
} from './upstream-entries.js';

const NAME = /^[a-z][a-z0-9-]{0,59}$/;
const publicGitHub = 'https://api.github.com';
const tagsWanted = 10;

export interface GitHubSettings {
  readonly apiUrl: string;
  /** Read at each call: a token in a file may change. */
  readonly token: () => string | undefined;
}

interface FileWithUpstreams {
  readonly path: string;
  readonly upstreams?: UpstreamEntries | undefined;
  readonly named?: { readonly targets: readonly string[] };
}

/** `ferry.yaml`'s `github.apiUrl`, then `GITHUB_API_URL` as GitHub's own runners set it, then the public one. */
export function readGitHub(
  environment: Environment,
  entry: GitHubEntry | undefined,
  faults: FaultList,
): GitHubSettings {
  const given = entry?.apiUrl ?? faults.try(() => environment.value('GITHUB_API_URL')) ?? publicGitHub;
  if (!/^https?:\/\//.test(given)) faults.add(`GITHUB_API_URL is "${given}": expected an address with https://`);
  faults.try(() => environment.value('GITHUB_TOKEN'));
  return { apiUrl: given, token: () => environment.value('GITHUB_TOKEN') };
}

/** The built-in upstreams as the file changes them, then those that it adds, in its order. */
export function readUpstreams({ path, upstreams: entries }: FileWithUpstreams, faults: FaultList): Upstream[] {
  const { dify, xinference, ...custom } = entries ?? {};
  const upstreams: Upstream[] = [];
  const add = (name: string, read: () => Upstream): void => {
    const upstream = faults.try(read, `${path}: upstreams.${name}`);
    if (upstream !== undefined) upstreams.push(upstream);
  };

  add('dify', () => withDify(dify ?? {}));
  add('xinference', () => withXinference(xinference ?? {}));
  for (const [name, entry] of Object.entries(custom)) {
    if (!NAME.test(name)) {
      faults.add(
        `${path}: upstreams.${name}: a name has lower-case letters, digits and dashes, 60 at most, a letter first`,
      );
      continue;
    }
    add(name, () => customUpstream(name, entry));
  }
  return upstreams;
}

/** Only where the targets are known: a command that asks for a look may run where none is configured. */
export function checkUpstreamTargets(
  { path, named }: FileWithUpstreams,
  upstreams: readonly Upstream[],
  targets: readonly Target[],
  faults: FaultList,
): void {
  const known = targets.map(({ name }) => name);
  for (const { name, targets: wanted = [] } of upstreams) {
    for (const target of wanted.filter((one) => !known.includes(one) && named?.targets.includes(one) !== true)) {
      faults.add(
        `${path}: upstreams.${name}.targets names ${target}, which is not configured: configured are ${known.join(', ')}`,
      );
    }
  }
}

function withDify(entry: DifyEntry): ComposeUpstream {
  const { schedule, ...standard } = difyUpstream;
  return {
    ...standard,
    ...composeParts(entry, standard.order),
    repository: entry.repository ?? standard.repository,
    file: entry.file ?? standard.file,
    ...everyPart(entry, schedule),
  };
}

function withXinference(entry: XinferenceEntry): ReleaseUpstream {
  const { schedule, ...standard } = xinferenceUpstream;
  const pattern = entry.image === undefined ? standard.images[0] : withTagPlace(entry.image);
  return checkedRelease({
    ...standard,
    repository: entry.repository ?? standard.repository,
    order: entry.versions ?? standard.order,
    prereleases: entry.prereleases ?? standard.prereleases,
    images: (entry.suffixes ?? ['']).map((suffix) => `${String(pattern)}${suffix}`),
    ...everyPart(entry, schedule),
    // The file's patterns count before the built-in one.
    imagePlatforms: [...imagePlatforms(entry), ...(standard.imagePlatforms ?? [])],
  });
}

function customUpstream(name: string, entry: CustomEntry): Upstream {
  switch (entry.kind) {
    case 'compose':
      return {
        kind: 'compose',
        name,
        repository: entry.repository,
        file: entry.file ?? 'docker-compose.yml',
        ...composeParts(entry, VersionOrder.semver),
        ...everyPart(entry),
      };
    case 'release':
      return checkedRelease({
        kind: 'release',
        name,
        repository: entry.repository,
        order: entry.versions ?? VersionOrder.semver,
        prereleases: entry.prereleases ?? false,
        images: entry.images,
        ...everyPart(entry),
      });
    case 'tags':
      return tagsUpstream(name, entry);
    default:
      return entry satisfies never;
  }
}

function composeParts(entry: DifyEntry, order: VersionOrder) {
  return {
    order: entry.versions ?? order,
    prereleases: entry.prereleases ?? false,
    scope: entry.scope ?? FetchScope.changed,
    ...(entry.include === undefined ? {} : { include: patterns(entry.include) }),
    exclude: patterns(entry.exclude ?? {}),
    variables: entry.variables ?? {},
  };
}

function patterns({ images = [], services = [], profiles = [] }: PatternsEntry): ServicePatterns {
  return { images, services, profiles };
}

function tagsUpstream(name: string, entry: Extract<CustomEntry, { kind: 'tags' }>): TagsUpstream {
  const { match, range, newest = tagsWanted, deny = [] } = entry;
  if (/@|:[^/]*$/.test(entry.image)) {
    throw new InvalidInput(`image is "${entry.image}": expected a repository, without a tag`, 'configuration');
  }
  if (match !== undefined) tagExpression(match);
  if (range !== undefined) checkRange(range);
  return {
    kind: 'tags',
    name,
    image: sourceRepository(parseImageReference(entry.image)),
    rules: {
      ...(match === undefined ? {} : { match }),
      ...(range === undefined ? {} : { range }),
      newest,
      deny,
    },
    ...everyPart(entry),
  };
}

/** A slip in a pattern has to be seen when the ferry starts, not when a release comes out. */
function checkedRelease(upstream: ReleaseUpstream): ReleaseUpstream {
  for (const image of upstream.images) {
    if (!/\{tag\}|\{version\}/.test(image)) {
      throw new InvalidInput(
        `the image "${image}" has neither {tag} nor {version}: every release would be the same image`,
        'configuration',
      );
    }
    parseImageReference(image.replaceAll(/\{tag\}|\{version\}/g, '1.0.0'));
  }
  return upstream;
}

function withTagPlace(image: string): string {
  return /\{tag\}|\{version\}/.test(image) ? image : `${image}:{tag}`;
}

function everyPart(
  entry: EveryEntry,
  standard?: UpstreamSchedule,
): Pick<Upstream, 'platforms' | 'imagePlatforms' | 'targets' | 'schedule'> {
  const { platforms, targets, schedule } = entry;
  const single = imagePlatforms(entry);
  const when = schedule === undefined ? standard : readSchedule(schedule);
  return {
    ...(platforms === undefined ? {} : { platforms: canonicalPlatforms(platforms) }),
    ...(single.length === 0 ? {} : { imagePlatforms: single }),
    ...(targets === undefined ? {} : { targets: [...new Set(targets)] }),
    ...(when === undefined ? {} : { schedule: when }),
  };
}

function imagePlatforms({ imagePlatforms: given = {} }: EveryEntry): readonly ImagePlatforms[] {
  return Object.entries(given).map(([pattern, texts]) => {
    try {
      return { pattern, platforms: canonicalPlatforms(texts) };
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      throw new InvalidInput(`imagePlatforms "${pattern}": ${error.message}`, 'configuration');
    }
  });
}

function readSchedule(schedule: NonNullable<EveryEntry['schedule']>): UpstreamSchedule | undefined {
  if (schedule === 'off') return undefined;
  if ('every' in schedule) {
    const everyMs = parseDuration(schedule.every);
    if (everyMs < 60_000) throw new InvalidInput(`schedule.every is "${schedule.every}": at least 1m`, 'configuration');
    return { everyMs };
  }
  const { cron, timezone } = schedule;
  return { cron: [cron].flat(), ...(timezone === undefined ? {} : { timezone }) };
}

function canonicalPlatforms(texts: readonly string[]): readonly string[] {
  const selection = parsePlatformSelection(texts.join(','));
  return selection === 'all' ? ['all'] : selection.map(printPlatform);
}
