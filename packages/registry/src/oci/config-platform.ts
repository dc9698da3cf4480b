import { parseBoundedJson } from './bounded-json.js';
import { canonicalPlatform, printPlatform, readPlatform } from './platform.js';
import type { Platform } from './platform.js';

/** The platform that the config of an image declares. */
export interface ConfigPlatform {
  /** Canonical. Absent if the config lacks the operating system or the architecture. */
  readonly platform?: Platform | undefined;
  /** The parts that the config declares, canonical. A platform that differs in one of them does not match. */
  readonly named: NamedParts;
  /** What is unusual about it, for messages: `its config names no architecture`. */
  readonly oddity?: string;
}

interface NamedParts {
  readonly os?: string;
  readonly architecture?: string;
  /** '' if the config declares the architecture's default variant. */
  readonly variant?: string;
  readonly osVersion?: string;
}

/**
 * Reads the platform from a config of any media type: the first images of Docker's schema 2 have `application/octet-stream`.
 *
 * @param isImageType whether the media type is one of an image config
 */
export function readConfigPlatform(text: string, mediaType: string, isImageType: boolean): ConfigPlatform {
  const config = isImageType
    ? 'its config'
    : `its config (${mediaType.slice(0, 120)}, which is not the type of an image config)`;
  const json = parse(text);
  if (json === undefined) return unnamedPlatform(`${config} is not JSON and declares no platform`);
  const declared = platformIn(json, config);
  if (isImageType || declared.platform === undefined) return declared;
  return { ...declared, oddity: `${config} declares ${printPlatform(declared.platform)}` };
}

/** Reads the platform from the parsed fields of a config. */
export function platformIn(json: Readonly<Record<string, unknown>>, config = 'its config'): ConfigPlatform {
  const named = namedParts(json);
  const platform = readPlatform(json);
  return platform === undefined ? { named, oddity: `${config} declares ${describeParts(named)}` } : { platform, named };
}

/** The result for a manifest without a config that could declare a platform. */
export function unnamedPlatform(oddity: string): ConfigPlatform {
  return { named: {}, oddity };
}

/** mayBeFor checks that nothing in a config contradicts a platform. Like Docker, it accepts a missing variant for any variant. */
export function mayBeFor(wanted: Platform, { named }: ConfigPlatform): boolean {
  const { os, architecture, variant, osVersion } = named;
  return (
    (os ?? wanted.os) === wanted.os &&
    (architecture ?? wanted.architecture) === wanted.architecture &&
    (variant ?? wanted.variant ?? '') === (wanted.variant ?? '') &&
    (osVersion === undefined || `${osVersion}.`.startsWith(`${wanted.osVersion ?? osVersion}.`))
  );
}

/** Describes which part of the wanted platform a config leaves open. */
export function oddityOf(wanted: Platform, { named, oddity }: ConfigPlatform): string {
  if (oddity !== undefined) return oddity;
  const lacks = wanted.variant !== undefined && named.variant === undefined ? 'variant' : 'version';
  return `its config declares ${named.os}/${named.architecture} and no ${lacks}`;
}

function namedParts(json: Readonly<Record<string, unknown>>): NamedParts {
  const [os, architecture] = [textOf(json['os']), textOf(json['architecture'])];
  const [variant, osVersion] = [textOf(json['variant']), textOf(json['os.version'])];
  // If one of the two is missing, its placeholder is ignored.
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

function describeParts({ os, architecture }: NamedParts): string {
  if (os === undefined && architecture === undefined) return 'no platform';
  return os === undefined ? `${architecture} and no operating system` : `${os} and no architecture`;
}

/** Undefined if the value is missing, empty or `unknown`. */
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
