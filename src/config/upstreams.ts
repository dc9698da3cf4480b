import { parseImageReference, sourceRepository } from '@image-ferry/registry/reference';

import { builtInUpstreams } from '../domain/built-in-upstreams.js';
import { canonicalPlatforms } from '../domain/canonical-platforms.js';
import { parseDuration } from '../domain/duration.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { checkRange, tagExpression } from '../domain/tag-rules.js';
import type { Target } from '../domain/target.js';
import { FetchScope } from '../domain/upstream.js';
import type {
  ComposeUpstream,
  ImagePlatforms,
  ReleaseUpstream,
  ServicePatterns,
  TagsUpstream,
  Upstream,
  UpstreamSchedule,
} from '../domain/upstream.js';
import { VersionOrder } from '../domain/version-order.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';
import type {
  ComposeChanges,
  EveryEntry,
  GitHubEntry,
  PatternsEntry,
  ReleaseChanges,
  ReleaseFilesEntry,
  TagsEntry,
  UpstreamEntries,
  UpstreamEntry,
} from './upstream-entries.js';

const namePattern = /^[a-z][a-z0-9-]{0,59}$/;
const publicGitHub = 'https://api.github.com';
const defaultNewestTags = 10;

export interface GitHubSettings {
  readonly apiUrl: string;
  /** Read at each call, since a token in a file may change. */
  readonly token: () => string | undefined;
}

interface FileWithUpstreams {
  readonly path: string;
  readonly upstreams?: UpstreamEntries | undefined;
  readonly named?: { readonly targets: readonly string[] };
}

/** `github.apiUrl` of `ferry.yaml`, then `GITHUB_API_URL`, which GitHub's runners set, then the public address. */
export function readGitHub(
  environment: Environment,
  entry: GitHubEntry | undefined,
  errors: ConfigErrors,
): GitHubSettings {
  const given = entry?.apiUrl ?? errors.try(() => environment.value('GITHUB_API_URL')) ?? publicGitHub;
  if (!/^https?:\/\//.test(given)) errors.add(`GITHUB_API_URL is "${given}": expected an https:// URL`);
  errors.try(() => environment.value('GITHUB_TOKEN'));
  return { apiUrl: given, token: () => environment.value('GITHUB_TOKEN') };
}

/** The built-in upstreams with the file's changes, then those that the file adds, in its order. */
export function readUpstreams({ path, upstreams: entries = {} }: FileWithUpstreams, errors: ConfigErrors): Upstream[] {
  const upstreams: Upstream[] = [];
  const add = (name: string, read: () => Upstream): void => {
    const upstream = errors.try(read, `${path}: upstreams.${name}`);
    if (upstream !== undefined) upstreams.push(upstream);
  };

  for (const standard of builtInUpstreams) {
    const entry = entries[standard.name];
    add(standard.name, () => (entry === undefined ? standard : readUpstream(standard.name, entry)));
  }
  const builtIn = new Set(builtInUpstreams.map(({ name }) => name));
  for (const [name, entry] of Object.entries(entries)) {
    if (entry === undefined || builtIn.has(name)) continue;
    const fault = nameFault(name);
    if (fault === undefined) add(name, () => readUpstream(name, entry));
    else errors.add(`${path}: upstreams.${name}: ${fault}`);
  }
  return upstreams;
}

function nameFault(name: string): string | undefined {
  if (!namePattern.test(name))
    return 'expected up to 60 lower-case letters, digits and dashes, beginning with a letter';
  // `fetch-upstream` is the event type that names any upstream in its payload.
  return name === 'upstream' ? 'this name is reserved; choose another one' : undefined;
}

/** Called only if the targets are known: a command that requests a check may run without any. */
export function checkUpstreamTargets(
  { path, named }: FileWithUpstreams,
  upstreams: readonly Upstream[],
  targets: readonly Target[],
  errors: ConfigErrors,
): void {
  const known = targets.map(({ name }) => name);
  for (const { name, targets: wanted = [] } of upstreams) {
    for (const target of wanted.filter((one) => !known.includes(one) && named?.targets.includes(one) !== true)) {
      errors.add(
        `${path}: upstreams.${name}.targets contains the unknown target ${target}; configured: ${known.join(', ')}`,
      );
    }
  }
}

function readUpstream(name: string, entry: UpstreamEntry): Upstream {
  switch (entry.kind) {
    case 'changed-compose':
      return changedCompose(entry.standard, entry.changes);
    case 'changed-release':
      return changedRelease(entry.standard, entry.changes);
    case 'changed-tags': {
      const { image, rules } = entry.standard;
      const changed = { ...rules, deny: [...rules.deny], ...entry.changes, image: entry.changes.image ?? image };
      return tagsUpstream(name, changed, entry.standard);
    }
    case 'compose':
      return {
        kind: 'compose',
        name,
        repository: entry.repository,
        file: entry.file ?? 'docker-compose.yml',
        ...composeParts(entry, customCompose),
        ...everyPart(entry),
      };
    case 'kubernetes':
      return { kind: 'kubernetes', name, files: [entry.files].flat(), ...releaseFiles(entry), ...everyPart(entry) };
    case 'helm': {
      const { chart, values = {}, kubeVersion } = entry;
      return { kind: 'helm', name, chart, values, kubeVersion, ...releaseFiles(entry), ...everyPart(entry) };
    }
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

function changedCompose(standard: ComposeUpstream, changes: ComposeChanges): ComposeUpstream {
  return {
    kind: 'compose',
    name: standard.name,
    repository: changes.repository ?? standard.repository,
    file: changes.file ?? standard.file,
    ...composeParts(changes, standard),
    ...everyPart(changes, standard),
  };
}

function changedRelease(standard: ReleaseUpstream, changes: ReleaseChanges): ReleaseUpstream {
  const patterns = changes.image === undefined ? standard.images : [withTagPlace(changes.image)];
  const { suffixes = [''] } = changes;
  return checkedRelease({
    kind: 'release',
    name: standard.name,
    repository: changes.repository ?? standard.repository,
    order: changes.versions ?? standard.order,
    prereleases: changes.prereleases ?? standard.prereleases,
    images: patterns.flatMap((pattern) => suffixes.map((suffix) => `${pattern}${suffix}`)),
    ...everyPart(changes, standard),
  });
}

type ComposeParts = Pick<ComposeUpstream, 'order' | 'prereleases' | 'scope' | 'include' | 'exclude' | 'variables'>;

/** Defaults of an upstream of kind `compose` in `ferry.yaml`. */
const customCompose: ComposeParts = {
  order: VersionOrder.semver,
  prereleases: false,
  scope: FetchScope.changed,
  exclude: { images: [], services: [], profiles: [] },
  variables: {},
};

function composeParts(entry: ComposeChanges, standard: ComposeParts): ComposeParts {
  const include = entry.include === undefined ? standard.include : patternsOf(entry.include);
  return {
    order: entry.versions ?? standard.order,
    prereleases: entry.prereleases ?? standard.prereleases,
    scope: entry.scope ?? standard.scope,
    include,
    exclude: entry.exclude === undefined ? standard.exclude : patternsOf(entry.exclude),
    variables: entry.variables ?? standard.variables,
  };
}

function releaseFiles(entry: ReleaseFilesEntry) {
  const { include, exclude = [], likely = [] } = entry;
  return {
    repository: entry.repository,
    order: entry.versions ?? VersionOrder.semver,
    prereleases: entry.prereleases ?? false,
    scope: entry.scope ?? FetchScope.changed,
    images: { include, exclude, likely },
  };
}

function patternsOf({ images = [], services = [], profiles = [] }: PatternsEntry): ServicePatterns {
  return { images, services, profiles };
}

function tagsUpstream(name: string, entry: TagsEntry, standard?: TagsUpstream): TagsUpstream {
  const { match, range, newest = defaultNewestTags, deny = [] } = entry;
  if (/@|:[^/]*$/.test(entry.image)) {
    throw new InvalidInput(`image is "${entry.image}": expected a repository without a tag`, 'configuration');
  }
  if (match !== undefined) tagExpression(match);
  if (range !== undefined) checkRange(range);
  return {
    kind: 'tags',
    name,
    image: sourceRepository(parseImageReference(entry.image)),
    rules: {
      match,
      range,
      newest,
      deny,
    },
    ...everyPart(entry, standard),
  };
}

/** An invalid pattern is reported at the start, not when a release comes out. */
function checkedRelease(upstream: ReleaseUpstream): ReleaseUpstream {
  for (const image of upstream.images) {
    if (!/\{tag\}|\{version\}/.test(image)) {
      throw new InvalidInput(
        `the image "${image}" contains neither {tag} nor {version}: every release would have the same image`,
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

type EveryPart = Pick<Upstream, 'platforms' | 'imagePlatforms' | 'targets' | 'schedule'>;

function everyPart(entry: EveryEntry, standard: EveryPart = {}): EveryPart {
  const platforms = entry.platforms === undefined ? standard.platforms : canonicalPlatforms(entry.platforms.join(','));
  // The file's patterns come before those of a built-in upstream.
  const single = [...imagePlatforms(entry), ...(standard.imagePlatforms ?? [])];
  const targets = entry.targets === undefined ? standard.targets : [...new Set(entry.targets)];
  const schedule = entry.schedule === undefined ? standard.schedule : readSchedule(entry.schedule);
  return {
    platforms,
    ...(single.length === 0 ? {} : { imagePlatforms: single }),
    targets,
    schedule,
  };
}

function imagePlatforms({ imagePlatforms: given = {} }: EveryEntry): readonly ImagePlatforms[] {
  return Object.entries(given).map(([pattern, texts]) => {
    try {
      return { pattern, platforms: canonicalPlatforms(texts.join(',')) };
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
    if (everyMs < 60_000)
      throw new InvalidInput(`schedule.every is "${schedule.every}": expected at least 1m`, 'configuration');
    return { everyMs };
  }
  const { cron, timezone } = schedule;
  return { cron: [cron].flat(), timezone };
}
