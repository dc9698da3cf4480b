/** Which sources untrusted requests may use. `AddImage` and upstreams are checked; rows in the table are trusted. */
import { canonicalHost, hostFault, looksLikeHost } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

/** Public registries that anyone can pull from; `*.` matches any number of subdomains. */
export const wellKnownRegistries: readonly string[] = [
  'docker.io',
  'ghcr.io',
  'quay.io',
  'registry.k8s.io',
  'gcr.io',
  '*.gcr.io',
  '*.pkg.dev',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'nvcr.io',
  'registry.gitlab.com',
  'docker.elastic.co',
  'container-registry.oracle.com',
  'containers.intersystems.com',
  'registry.access.redhat.com',
  'registry.redhat.io',
  'registry.opensuse.org',
  'registry.suse.com',
  'cgr.dev',
  'lscr.io',
  'icr.io',
  'xpkg.upbound.io',
  'dhi.io',
  'codeberg.org',
  'code.forgejo.org',
  'data.forgejo.org',
  // Projects with a registry host of their own, as used in their compose files.
  'artifacts.plane.so',
  'cr.fluentbit.io',
  'cr.weaviate.io',
  'docker.all-hands.dev',
  'docker.angie.software',
  'docker.dragonflydb.io',
  'docker.getcollate.io',
  'docker.getoutline.com',
  'docker.gitea.com',
  'docker.litellm.ai',
  'docker.n8n.io',
  'docker.openhands.dev',
  'docker.redpanda.com',
  'docker.umami.is',
  'downloads.unstructured.io',
];

export interface SourceRules {
  /** Hosts with their port, `*.example.com` for subdomains, `*` for every public registry. */
  readonly allowed: readonly string[];
  /** Configured hosts: they may have private addresses. */
  readonly trusted: readonly string[];
  readonly targets: readonly { readonly name: string; readonly registry: string; readonly namespace: string }[];
}

/** An address that a host resolves to. */
export interface HostAddress {
  readonly address: string;
  readonly isPublic: boolean;
}

export type SourceDecision =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Its addresses decide (see {@link addressRefusal}); otherwise `reason` refuses it. */
  | { readonly kind: 'addresses'; readonly host: string; readonly reason?: string };

/** Says which ferry.yaml applies and when it is read: the file of the terminal may differ, and the worker's may have changed. */
const mustBeConfigured =
  "configure such a registry under hosts in the worker's ferry.yaml, which the worker reads when it starts";

/** decideSource decides as far as possible by the name of a source alone. */
export function decideSource({ host, path }: ImageReference, rules: SourceRules): SourceDecision {
  const name = canonicalSource(host);
  const target = rules.targets.find(
    ({ registry, namespace }) =>
      canonicalSource(registry) === name && (namespace === '' || path.startsWith(`${namespace}/`)),
  );
  if (target !== undefined) {
    const location = target.namespace === '' ? host : `${host}/${target.namespace}`;
    return refused(`${location} is the target "${target.name}" and cannot be a source`);
  }

  const isListed = rules.allowed.some((pattern) => matches(pattern, host));
  const notListed = `${host} is not an allowed source: add it to FERRY_ALLOWED_SOURCES to allow it`;
  if (rules.trusted.includes(host)) return isListed ? { kind: 'accepted' } : refused(notListed);
  if (isLocalName(host)) {
    return refused(`${host} is this machine: ${mustBeConfigured}`);
  }
  if (isListed) return { kind: 'addresses', host };
  // The address, in any notation, gives a better reason than its absence from the list.
  return isWrittenAsAddress(host) ? { kind: 'addresses', host, reason: notListed } : refused(notListed);
}

/** Why a host is refused because of the addresses that it resolves to; undefined if it is allowed or none is known. */
export function addressRefusal(host: string, addresses: readonly HostAddress[]): string | undefined {
  const hidden = addresses.find(({ isPublic }) => !isPublic);
  if (hidden === undefined) return undefined;
  const means = withoutPort(host) === hidden.address ? 'is' : `resolves to ${hidden.address},`;
  return `${host} ${means} a private or loopback address: ${mustBeConfigured}`;
}

/** Why a pattern of the list is invalid; undefined if it is valid. */
export function sourcePatternFault(pattern: string): string | undefined {
  if (pattern === '*') return undefined;
  const host = pattern.startsWith('*.') ? pattern.slice(2) : pattern;
  const scheme = /^https?:\/\//.exec(host)?.[0];
  if (scheme !== undefined) return `"${pattern.slice(0, 80)}" is not a registry host: remove "${scheme}"`;
  const fault = looksLikeHost(host) ? hostFault(host) : 'a registry has a dot or a port in its name';
  return fault === undefined ? undefined : `"${pattern.slice(0, 80)}" is not a registry host: ${fault}`;
}

/** The form in which hosts are compared: lower case, one name for Docker Hub, without the port of HTTPS. */
export function canonicalSource(host: string): string {
  return canonicalHost(host.replace(/:443$/, ''));
}

function matches(pattern: string, host: string): boolean {
  const name = canonicalSource(host);
  if (pattern === '*' || pattern === name) return true;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1));
}

function refused(reason: string): SourceDecision {
  return { kind: 'refused', reason };
}

function isLocalName(host: string): boolean {
  const name = withoutPort(host);
  return name === 'localhost' || name.endsWith('.localhost');
}

/**
 * Resolvers parse a name whose last part is a number as an IPv4 address: `127.1`, `2130706433`, `0177.0.0.1`,
 * `0x7f000001`. Brackets mean IPv6.
 */
function isWrittenAsAddress(host: string): boolean {
  const last = withoutPort(host).split('.').at(-1) ?? '';
  return host.startsWith('[') || /^(?:\d+|0x[0-9a-f]*)$/.test(last);
}

function withoutPort(host: string): string {
  return host.startsWith('[') ? host.slice(1, host.indexOf(']')) : host.replace(/:\d+$/, '');
}
