import { canonicalHost, dockerHub } from '../oci/image-reference.js';

/** The key that docker itself has always used for Docker Hub. */
export const hubKey = 'https://index.docker.io/v1/';

/** More names that people and other tools use for Docker Hub in such files. */
const hubNames: ReadonlySet<string> = new Set(['hub.docker.com', 'registry.docker.io', 'auth.docker.io']);

/** Entries beside docker's own for Docker Hub that hold no password: a login in the browser leaves them. */
const noPassword = /\/(access|refresh)-token$/;

/** A key of `auths` or `credHelpers` for a registry. */
interface MatchingKey {
  /** As the file has it. */
  readonly key: string;
  /** How many parts of its path match the start of the repository: the more, the better it fits. */
  readonly depth: number;
  /** Among keys of one depth, the lowest rank comes first. */
  readonly rank: number;
}

interface KeysOfHost {
  /** Those that fit the repository, the best first. */
  readonly fitting: readonly string[];
  /** Those of the same host that are for other repositories alone. */
  readonly elsewhere: readonly string[];
}

/**
 * Chooses among the keys of a file those of a registry, in every form that `docker login`, podman and others have left:
 * with or without scheme, `/v1/` or `/v2/`, slash at the end, standard port; Docker Hub under all its names; and by
 * namespace, as podman has them (`host/team`).
 */
export function keysOfHost(keys: readonly string[], host: string, repository: string): KeysOfHost {
  const fitting: MatchingKey[] = [];
  const elsewhere: string[] = [];
  for (const key of keys) {
    const read = readKey(key);
    if (read === undefined || read.host !== plainHost(host)) continue;
    const rank = rankOf(key, read, host);
    const covers = `${repository}/`.startsWith(`${read.path}/`);
    if (read.path === '') fitting.push({ key, depth: 0, rank });
    else if (covers) fitting.push({ key, depth: read.path.split('/').length, rank });
    // A key with a scheme is for a host, whatever path an older version of docker left in it.
    else if (read.hasScheme) fitting.push({ key, depth: 0, rank: leastLikely });
    else elsewhere.push(key);
  }
  fitting.sort((one, other) => other.depth - one.depth || one.rank - other.rank);
  return { fitting: fitting.map(({ key }) => key), elsewhere };
}

const leastLikely = 9;

interface ReadKey {
  /** Lower case, one name for Docker Hub, without a standard port. */
  readonly host: string;
  /** The host as it is written, lower case. */
  readonly written: string;
  readonly path: string;
  readonly hasScheme: boolean;
}

function readKey(key: string): ReadKey | undefined {
  const [, scheme, written = '', rest = ''] =
    /^(?:(?:([a-z][a-z0-9+.-]*):)?\/\/)?(?:[^/@]*@)?([^/?#@]+)([^?#]*)/i.exec(key.trim()) ?? [];
  if (written === '' || (scheme !== undefined && !/^(?:https?|oci|docker)$/i.test(scheme))) return undefined;
  const hasScheme = scheme !== undefined;
  const whole = rest.toLowerCase().replace(/^\/+|\/+$/g, '');
  if (hasScheme && noPassword.test(`/${whole}`)) return undefined;
  // The API's own address; its host covers a namespace of that name anyway.
  const path = whole.replace(hasScheme ? /^v[12](\/|$)/ : /^v[12]$/, '');
  return { host: plainHost(written), written: written.toLowerCase(), path, hasScheme };
}

function plainHost(host: string): string {
  const plain = canonicalHost(host).replace(/\.?(?::(?:443|80))?$/, '');
  return hubNames.has(plain) ? dockerHub : canonicalHost(plain);
}

function rankOf(key: string, { written }: ReadKey, host: string): number {
  if (key === (host === dockerHub ? hubKey : host)) return 0;
  if (written === host.toLowerCase()) return 1;
  return written.endsWith(':80') ? 3 : 2;
}
