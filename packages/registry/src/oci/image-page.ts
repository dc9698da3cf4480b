/**
 * Addresses that people copy from a browser or a script instead of the image name: pages of registry web sites and URLs of
 * registry APIs. By the grammar some of them are valid references, but no registry has such images.
 */

/** An address that is not an image. */
export interface ImagePage {
  /** What it is, for messages. */
  readonly what: string;
  /** The image that it shows; absent if it shows none or several. */
  readonly image?: string;
}

interface PageForm {
  readonly address: RegExp;
  readonly what: string;
  /** From the groups of `address`. */
  readonly image?: (...groups: readonly string[]) => string;
}

const hubPage = "a page of Docker Hub's web site";
/** One part of a path. */
const part = '([^/?#:]+)';
/** Everything to the end of the path. */
const rest = '([^?#:]+?)';

const forms: readonly PageForm[] = [
  {
    address: /^[^/]+\/v2\/(.+)\/(?:manifests|blobs|referrers)\/([^/?#]+)\/?(?:[?#].*)?$/i,
    what: "an address of a registry's API",
    image: (host, repository, tag) => `${host}/${repository}${tagOrDigest(tag)}`,
  },
  {
    address: /^[^/]+\/v2\/(.+)\/tags\/list(?:[:?#].*)?$/i,
    what: "an address of a registry's API",
    image: (host, repository) => `${host}/${repository}`,
  },
  {
    // Images of Docker Hub have two parts.
    address: /^(?:index\.|registry-1\.)?docker\.io\/v2\/([^/?#:]+)\/([^/?#:]+)(?::([\w.-]+))?\/?$/i,
    what: "an address of a registry's API",
    image: (_host, namespace, name, tag) => `${official(namespace, name)}${tagOrDigest(tag)}`,
  },
  {
    address: /^(?:index\.|registry-1\.)?docker\.io\/([^/?#:]+)\/([^/?#:]+)\/manifests\/([^/?#]+)\/?$/i,
    what: "an address of a registry's API",
    image: (_host, namespace, name, tag) => `${official(namespace, name)}${tagOrDigest(tag)}`,
  },
  {
    address: /^quay\.io\/(?:api\/v1\/repository|v1\/repositories)\/([^/?#:]+)\/([^/?#:]+)(?:[/?#:].*)?$/i,
    what: "an address of Quay's API",
    image: (host, namespace, name) => `${host}/${namespace}/${name}`,
  },
  {
    address: new RegExp(
      `^(?:registry\\.)?hub\\.docker\\.com/v2/(?:repositories|namespaces)/${part}/(?:repositories/)?${part}(?:/tags/${part})?`,
      'i',
    ),
    what: "an address of Docker Hub's API",
    image: (_host, namespace, name, tag) => `${official(namespace, name)}${tagOrDigest(tag)}`,
  },
  {
    address: new RegExp(`^(?:www\\.|registry\\.)?(?:hub\\.)?docker\\.(?:com|io)/_/${part}`, 'i'),
    what: hubPage,
    image: (_host, name) => name ?? '',
  },
  {
    address: new RegExp(`^(?:www\\.|registry\\.)?(?:hub\\.)?docker\\.(?:com|io)/layers/${part}/${part}/${part}`, 'i'),
    what: hubPage,
    image: (_host, namespace, name, tag) => `${official(namespace, name)}:${tag}`,
  },
  {
    address: new RegExp(
      `^(?:www\\.|registry\\.)?(?:hub\\.)?docker\\.(?:com|io)/(?:r|repository/docker)/${part}/${part}(?:/tags/${part})?`,
      'i',
    ),
    what: hubPage,
    image: (_host, namespace, name, tag) => `${official(namespace, name)}${tagOrDigest(tag)}`,
  },
  {
    address: /^hub\.docker\.com\/hardened-images\/catalog\/dhi\/([^/?#:]+)/i,
    what: hubPage,
    image: (_host, name) => `dhi.io/${name}`,
  },
  {
    address:
      /^hub\.docker\.com\/((?!(?:search|u|orgs|extensions|mcp|hardened-images|explore|plugins|v2)(?:\/|$))[^?#/]+(?:\/[^?#/]+)?)$/i,
    what: "Docker Hub's web site, not its registry",
    image: (_host, name) => name ?? '',
  },
  { address: /^hub\.docker\.com(?:\/|$)/i, what: "Docker Hub's web site, not its registry" },
  {
    address: new RegExp(`^github\\.com/(?:orgs|users)/${part}/packages/container/(?:package/)?${part}`, 'i'),
    what: "a page of GitHub's packages",
    image: (_host, owner, name) => `ghcr.io/${owner}/${decoded(name)}`.toLowerCase(),
  },
  {
    address: new RegExp(
      `^github\\.com/${part}/${part}/pkgs/container/${part}(?:/[^?#]*)?(?:\\?(?:.*&)?tag=([^&#]+))?`,
      'i',
    ),
    what: "a page of GitHub's packages",
    image: (_host, owner, _repository, name, tag) =>
      `${`ghcr.io/${owner}/${decoded(name)}`.toLowerCase()}${tagOrDigest(tag)}`,
  },
  {
    address: new RegExp(`^github\\.com/${part}/${part}(?:[/?#:]|$)`, 'i'),
    what: 'an address of GitHub, which is not a registry',
    image: (_host, owner, name) => `ghcr.io/${owner}/${name?.replace(/\.git$/, '')}`.toLowerCase(),
  },
  {
    address: new RegExp(
      `^quay\\.io/repository/${part}/${rest}(?:/(?:tag|manifest)/${part})?(?::([\\w.-]+))?/?(?:\\?(?:.*&)?tag=([\\w.-]+))?(?:[?#&].*)?$`,
      'i',
    ),
    what: "a page of Quay's web site",
    image: (_host, namespace, name, inPath, typed, inQuery) =>
      `quay.io/${namespace}/${name}${tagOrDigest([inPath, typed, inQuery].find((tag) => tag !== undefined && tag !== 'latest' && tag !== 'tags'))}`,
  },
  {
    address: /^gallery\.ecr\.aws\/([^/?#:]+\/[^?#:]+?)(?::([\w.-]+))?\/?(?:[?#].*)?$/i,
    what: "a page of Amazon's public gallery",
    image: (_host, name, tag) => `public.ecr.aws/${name}${tagOrDigest(tag)}`,
  },
  {
    address: new RegExp(
      `^mcr\\.microsoft\\.com/(?:[a-z]{2}-[a-z]{2}/)?(?:artifact/mar|product)/${rest}(?:/(?:about|tags|tag/${part}))?/?(?:[?#].*)?$`,
      'i',
    ),
    what: "a page of Microsoft's web site",
    image: (_host, name, tag) => `mcr.microsoft.com/${name}${tagOrDigest(tag)}`,
  },
  {
    address: new RegExp(`^catalog\\.ngc\\.nvidia\\.com/orgs/${part}/(?:teams/${part}/)?containers/${part}`, 'i'),
    what: "a page of NVIDIA's catalog",
    image: (_host, org, team, name) => ['nvcr.io', org, team, name].filter((one) => one !== undefined).join('/'),
  },
  {
    address: new RegExp(`^gitlab\\.com/${rest}/(?:-/)?container_registry(?:[/?#].*)?$`, 'i'),
    what: 'a page of GitLab',
    image: (_host, project) => `registry.gitlab.com/${project}`.toLowerCase(),
  },
  {
    address: new RegExp(`^images\\.chainguard\\.dev/directory/image/${part}`, 'i'),
    what: "a page of Chainguard's directory",
    image: (_host, name) => `cgr.dev/chainguard/${name}`,
  },
  {
    address: new RegExp(`^catalog\\.redhat\\.com/(?:[a-z]{2}/)?software/containers/${part}/${part}`, 'i'),
    what: "a page of Red Hat's catalog",
    image: (_host, namespace, name) => `registry.access.redhat.com/${namespace}/${name}`,
  },
];

/** @param text with or without `https://`; @returns undefined if it is not such an address */
export function imagePage(text: string): ImagePage | undefined {
  const address = text.trim().replace(/^https?:\/\//i, '');
  for (const { address: form, what, image } of forms) {
    const match = form.exec(address);
    if (match === null) continue;
    const [, ...groups] = match;
    const host = address.slice(0, address.indexOf('/'));
    return image === undefined ? { what } : { what, image: image(host, ...groups) };
  }
  return undefined;
}

/** Docker Hub's official images are written without a namespace. */
function official(namespace = '', name = ''): string {
  return namespace === 'library' ? name : `${namespace}/${name}`;
}

/** Some API addresses contain `latest:latest`, which is the tag `latest`. */
function tagOrDigest(tag: string | undefined): string {
  if (tag === undefined || tag === '') return '';
  if (/^sha(?:256|512):/.test(tag)) return `@${tag}`;
  return `:${tag.split(':', 1).join('')}`;
}

function decoded(name = ''): string {
  return name.replaceAll(/%2f/gi, '/');
}
