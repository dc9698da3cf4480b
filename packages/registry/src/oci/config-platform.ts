import { parseBoundedJson } from './bounded-json.js';
import { canonicalPlatform, printPlatform, readPlatform } from './platform.js';
import type { Platform } from './platform.js';

/** What the config of an image says of its platform. */
export interface ConfigPlatform {
  /** Canonical; absent where the config does not name operating system and architecture. */
  readonly platform?: Platform;
  /** The parts that it names, canonical: an image for a platform that differs in one of them is another one. */
  readonly named: NamedParts;
  /** What is unusual about it, for people: `its config names no architecture`. */
  readonly oddity?: string;
}

interface NamedParts {
  readonly os?: string;
  readonly architecture?: string;
  /** '' for the architecture's default, where it is named. */
  readonly variant?: string;
  readonly osVersion?: string;
}

/**
 * Reads the platform from a config of whatever type: the first images of Docker's schema 2 have `application/octet-stream`.
 *
 * @param isImageType whether the type is one of those that image configs have
 */
export function readConfigPlatform(text: string, mediaType: string, isImageType: boolean): ConfigPlatform {
  const config = isImageType ? 'its config' : `its config (${mediaType.slice(0, 120)}, which is no image's type)`;
  const json = parse(text);
  if (json === undefined) return unnamedPlatform(`${config} is not JSON, and names no platform`);
  const told = platformIn(json, config);
  if (isImageType || told.platform === undefined) return told;
  return { ...told, oddity: `${config} names ${printPlatform(told.platform)}` };
}

/** What the fields of a config say, wherever they were read. */
export function platformIn(json: Readonly<Record<string, unknown>>, config = 'its config'): ConfigPlatform {
  const named = namedParts(json);
  const platform = readPlatform(json);
  return platform === undefined ? { named, oddity: `${config} names ${whatIsNamed(named)}` } : { platform, named };
}

/** Of a manifest without a config that could name one. */
export function unnamedPlatform(oddity: string): ConfigPlatform {
  return { named: {}, oddity };
}

/** Whether nothing that a config names speaks against its image being for a platform. Docker takes one without a variant for any. */
export function mayBeFor(wanted: Platform, { named }: ConfigPlatform): boolean {
  const { os, architecture, variant, osVersion } = named;
  return (
    (os ?? wanted.os) === wanted.os &&
    (architecture ?? wanted.architecture) === wanted.architecture &&
    (variant ?? wanted.variant ?? '') === (wanted.variant ?? '') &&
    (osVersion === undefined || `${osVersion}.`.startsWith(`${wanted.osVersion ?? osVersion}.`))
  );
}

/** What a config leaves open of a platform that its image may be for. */
export function oddityOf(wanted: Platform, { named, oddity }: ConfigPlatform): string {
  if (oddity !== undefined) return oddity;
  const lacks = wanted.variant !== undefined && named.variant === undefined ? 'variant' : 'version';
  return `its config names ${named.os}/${named.architecture} and no ${lacks}`;
}

function namedParts(json: Readonly<Record<string, unknown>>): NamedParts {
  const [os, architecture] = [textOf(json['os']), textOf(json['architecture'])];
  const [variant, osVersion] = [textOf(json['variant']), textOf(json['os.version'])];
  // Where one of the two is not named, what stands in for it is not looked at.
  const canonical = canonicalPlatform({
    os: os ?? 'linux',
    architecture: architecture ?? 'amd64',
    ...(variant === undefined ? {} : { variant }),
  });
  const namesVariant = variant !== undefined || /^arm(hf|el)$/i.test(architecture ?? '');
  return {
    ...(os === undefined ? {} : { os: canonical.os }),
    ...(architecture === undefined ? {} : { architecture: canonical.architecture }),
    ...(architecture !== undefined && namesVariant ? { variant: canonical.variant ?? '' } : {}),
    ...(osVersion === undefined ? {} : { osVersion }),
  };
}

function whatIsNamed({ os, architecture }: NamedParts): string {
  if (os === undefined && architecture === undefined) return 'no platform';
  return os === undefined ? `${architecture} and no operating system` : `${os} and no architecture`;
}

/** Undefined for what is not there, is empty, or is `unknown`. */
function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' || text.toLowerCase() === 'unknown' ? undefined : text;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = parseBoundedJson(text);
    return typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}
