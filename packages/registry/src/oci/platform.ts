import { InvalidInput } from '../errors.js';

/** A platform in canonical form: `arm64` without its default variant `v8`, `arm` with its variant (default `v7`). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly osFeatures?: readonly string[];
}

/** `all`: the source's index byte for byte. */
export type PlatformSelection = 'all' | readonly Platform[];

// containerd's form: os, then version and features in parentheses (`windows(10.0.17763.1+win32k)`), architecture, variant.
const platformPattern = /^([\w-]+)(?:\(([\w.-]*)((?:\+[\w.-]+)*)\))?\/([\w-]+)(?:\/([\w.-]+))?$/;

/**
 * parsePlatform reads a platform into canonical form (image-spec, image-index.md "platform").
 *
 * @param text `linux/amd64`, `linux/arm/v7`, `windows(10.0.17763.1)/amd64`; aliases like `x86_64`
 * @throws InvalidInput saying what a platform looks like
 */
export function parsePlatform(text: string): Platform {
  const [, os, osVersion, osFeatures, architecture, variant] = platformPattern.exec(text) ?? [];
  if (os === undefined || architecture === undefined) throw refused(text);
  const features = (osFeatures ?? '').split('+').filter((feature) => feature !== '');
  const platform = canonicalPlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(features.length === 0 ? {} : { osFeatures: features }),
  });
  if (isUnknownPlatform(platform)) throw refused(text);
  return platform;
}

const systems = 'linux|windows|darwin|macos|freebsd|netbsd|openbsd|solaris|illumos|aix|android|ios|plan9|wasi|wasip1';
const processors =
  'amd64|x86_64|x86-64|x86|x64|i[3-6]86|386|arm|arm64|arm64e|aarch64|armhf|armel|armv[5-8]l?|ppc64|ppc64le|s390x|riscv64|mips|mipsle|mips64|mips64le|loong64|loongarch64|sparc64|wasm';
const platformWord = new RegExp(
  `^(?:(?:(?:${systems})(?:\\([^()]*\\))?/)?(?:${processors})(?:/v?\\d[\\d.]*)?|all)$`,
  'i',
);

/**
 * isPlatformWord checks if a word next to an image is a platform: `linux/arm64/v8`, `amd64`, `all`. By the grammar of
 * references each is an image of Docker Hub, but none exists; with the host (`docker.io/linux/arm64`) it is an image.
 */
export function isPlatformWord(word: string): boolean {
  return platformWord.test(word);
}

/** Canonical text, which `parsePlatform` reads back. */
export function printPlatform({ os, architecture, variant, osVersion, osFeatures = [] }: Platform): string {
  const details = [osVersion ?? '', ...osFeatures].join('+');
  return `${os}${details === '' ? '' : `(${details})`}/${architecture}${variant === undefined ? '' : `/${variant}`}`;
}

/**
 * platformMatches checks if an offered platform is the wanted one: same operating system, architecture and variant. The OS
 * version is compared only if one is wanted; a prefix like `10.0.17763` matches all versions that start with it.
 */
export function platformMatches(wanted: Platform, offered: Platform): boolean {
  if (isUnknownPlatform(wanted) || isUnknownPlatform(offered)) return false;
  if (wanted.os !== offered.os || wanted.architecture !== offered.architecture) return false;
  if (wanted.variant !== offered.variant) return false;
  if (!(wanted.osFeatures ?? []).every((feature) => offered.osFeatures?.includes(feature))) return false;
  return wanted.osVersion === undefined || `${offered.osVersion ?? ''}.`.startsWith(`${wanted.osVersion}.`);
}

/** BuildKit gives its attestations the platform `unknown/unknown`, which means none. */
function isUnknownPlatform({ os, architecture }: Platform): boolean {
  return os === 'unknown' || architecture === 'unknown';
}

/**
 * parsePlatformSelection reads `all`, or a list of platforms.
 *
 * @param text `all`, or platforms separated by commas
 * @throws InvalidInput
 */
export function parsePlatformSelection(text: string): PlatformSelection {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part.toLowerCase() === 'all')) return 'all';
  const platforms = new Map<string, Platform>();
  for (const part of parts) {
    const platform = parsePlatform(part);
    platforms.set(printPlatform(platform), platform);
  }
  return [...platforms.values()];
}

/**
 * readPlatform reads the fields that a descriptor's `platform` and an image's config have in common (image-spec, `os`,
 * `architecture`, `variant`, `os.version`, `os.features`). Undefined if they do not specify a platform.
 */
export function readPlatform(json: unknown): Platform | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const fields = json as Readonly<Record<string, unknown>>;
  const os = textOf(fields['os']);
  const architecture = textOf(fields['architecture']);
  if (os === undefined || architecture === undefined) return undefined;
  const variant = textOf(fields['variant']);
  const osVersion = textOf(fields['os.version']);
  const features = Array.isArray(fields['os.features']) ? fields['os.features'].map(textOf) : [];
  const osFeatures = features.filter((feature) => feature !== undefined);
  const platform = canonicalPlatform({
    os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(osVersion === undefined ? {} : { osVersion }),
    ...(osFeatures.length === 0 ? {} : { osFeatures }),
  });
  return isUnknownPlatform(platform) ? undefined : platform;
}

/** Normalizes aliases and default variants, so that each platform has one name. */
export function canonicalPlatform(named: Platform): Platform {
  const os = named.os.toLowerCase();
  const { architecture, variant } = canonicalProcessor(named.architecture.toLowerCase(), named.variant?.toLowerCase());
  return {
    os: os === 'macos' ? 'darwin' : os,
    architecture,
    ...(variant === undefined ? {} : { variant }),
    ...(named.osVersion === undefined || named.osVersion === '' ? {} : { osVersion: named.osVersion }),
    ...(named.osFeatures === undefined ? {} : { osFeatures: [...new Set(named.osFeatures)].sort() }),
  };
}

/** Architecture aliases and default variants as in containerd. */
function canonicalProcessor(
  architecture: string,
  variant: string | undefined,
): { readonly architecture: string; readonly variant?: string } {
  switch (architecture) {
    case 'i386':
      return withVariant('386', variant);
    case 'amd64':
    case 'x86_64':
    case 'x86-64':
      return withVariant('amd64', variant === 'v1' ? undefined : variant);
    case 'arm64':
    case 'aarch64':
      return withVariant('arm64', ['8', 'v8', 'v8.0'].includes(variant ?? '') ? undefined : variant);
    case 'armhf':
      return withVariant('arm', 'v7');
    case 'armel':
      return withVariant('arm', 'v6');
    case 'arm':
      return withVariant('arm', variant === undefined ? 'v7' : variant.replace(/^(?=\d)/, 'v'));
    default:
      return withVariant(architecture, variant);
  }
}

function withVariant(
  architecture: string,
  variant: string | undefined,
): { readonly architecture: string; readonly variant?: string } {
  return variant === undefined ? { architecture } : { architecture, variant };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function refused(text: string): InvalidInput {
  const bare = /^[\w-]+$/.test(text) && text !== 'unknown' ? `; did you mean "linux/${text.toLowerCase()}"?` : '';
  return new InvalidInput(
    `"${text.slice(0, 80)}" is not a platform: type os/architecture[/variant], like linux/amd64, linux/arm/v7 or windows(10.0.17763.1)/amd64${bare}`,
    'invalid-platform',
  );
}
