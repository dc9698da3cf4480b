/**
 * The parts of an image reference by distribution's grammar. Each function returns what is wrong with its part, with a
 * correction if that is clear, or undefined for a valid part.
 */

const hostLabels = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const pathComponent = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;

const hostMaxLength = 253;
const pathMaxLength = 255;
const tagMaxLength = 128;
const highestPort = 65_535;

/**
 * hostFault checks the host of a reference.
 *
 * @param host in lower case, with its port: `ghcr.io`, `localhost:5000`, `[::1]:5000`
 * @returns what is wrong with it, for people; undefined when it is valid
 */
export function hostFault(host: string): string | undefined {
  const { name, port } = splitPort(host);
  if (name === '') return 'the host is missing';
  if (name.length > hostMaxLength) return `the host has ${name.length} characters, the limit is ${hostMaxLength}`;
  if (port !== undefined && !isPort(port)) {
    return `the port "${excerpt(port)}" of the host "${excerpt(name)}" is not a number from 1 to ${highestPort}`;
  }
  if (name.startsWith('[')) {
    if (isBracketedIpv6(name)) return undefined;
    return `the host "${excerpt(name)}" is not an IPv6 address in brackets, like [2001:db8::1]`;
  }
  if (hostLabels.test(name)) return undefined;
  return `the host "${excerpt(name)}" is not a host name: use letters, digits and hyphens, in parts separated by single dots`;
}

/**
 * pathFault checks the path of a repository (distribution-spec, "Pulling manifests": `<name>`).
 *
 * @param path a repository without its host: `library/nginx`
 * @returns what is wrong with it, for people; undefined when it is valid
 */
export function pathFault(path: string): string | undefined {
  if (path === '') return 'the repository is missing after the host';
  if (path.length > pathMaxLength) return `the path has ${path.length} characters, the limit is ${pathMaxLength}`;
  if (/[A-Z]/.test(path)) {
    const lower = path.toLowerCase();
    const fault = `the path "${path}" has upper-case letters`;
    return pathFault(lower) === undefined ? `${fault}: type "${lower}"` : `${fault}, which are not allowed`;
  }
  for (const component of path.split('/')) {
    if (component === '') return `the path "${path}" has an empty part: write exactly one "/" between two parts`;
    if (pathComponent.test(component)) continue;
    const illegal = /[^a-z0-9._-]/u.exec(component)?.[0];
    if (illegal !== undefined) return `the part "${component}" of the path contains ${named(illegal)}`;
    return `the part "${component}" of the path must start and end with a letter or a digit, with one of ".", "_", "__" or hyphens between`;
  }
  return undefined;
}

/**
 * tagFault checks a tag (distribution-spec, "Pulling manifests": `<reference>` as a tag).
 *
 * @returns what is wrong with it, for people; undefined when it is valid
 */
export function tagFault(tag: string): string | undefined {
  if (tag === '') return 'the tag after ":" is empty: type one, or remove the ":"';
  if (tag.length > tagMaxLength) return `the tag has ${tag.length} characters, the limit is ${tagMaxLength}`;
  if (tagPattern.test(tag)) return undefined;
  if (tag.includes('+')) {
    const usual = tag.replaceAll('+', '_');
    const fault = `the tag "${tag}" contains "+", which no registry allows`;
    return tagPattern.test(usual) ? `${fault}: it is usually published as "${usual}"` : fault;
  }
  const illegal = /[^\w.-]/u.exec(tag)?.[0];
  if (illegal !== undefined) return `the tag "${tag}" contains ${named(illegal)}`;
  return `the tag "${tag}" must start with a letter, a digit or "_"`;
}

/** Splits `host:port`. Colons in the brackets of an IPv6 address are part of the host. */
function splitPort(host: string): { readonly name: string; readonly port?: string } {
  const bracket = host.lastIndexOf(']');
  if (host.startsWith('[') && bracket < 0) return { name: host };
  const colon = host.indexOf(':', bracket + 1);
  return colon < 0 ? { name: host } : { name: host.slice(0, colon), port: host.slice(colon + 1) };
}

/** Cuts a text to at most 80 characters. */
export function excerpt(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function isPort(port: string): boolean {
  return /^[1-9]\d{0,4}$/.test(port) && Number(port) <= highestPort;
}

function isBracketedIpv6(name: string): boolean {
  const address = /^\[([0-9a-f:]+)\]$/.exec(name)?.[1];
  if (address === undefined) return false;
  const halves = address.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return false;
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
}

function named(character: string): string {
  return /^[\x21-\x7e]$/.test(character)
    ? `"${character}", which is not allowed here`
    : `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}, which is not allowed here`;
}
