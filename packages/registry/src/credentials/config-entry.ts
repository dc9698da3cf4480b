import type { RegistryCredentials } from '../client-options.js';

/** What an entry of `auths` holds: credentials, nothing, or something that cannot be read. */
type ReadEntry =
  | { readonly kind: 'credentials'; readonly credentials: RegistryCredentials }
  | { readonly kind: 'empty' }
  /** `reason` contains nothing of the entry itself. */
  | { readonly kind: 'malformed'; readonly reason: string };

/** Docker's name for a user whose password is a token. */
const tokenUser = '<token>';

/** @param entry what docker, podman, Kubernetes and others write: `auth`, `username` and `password`, tokens */
export function readEntry(entry: unknown): ReadEntry {
  if (typeof entry !== 'object' || entry === null) return { kind: 'malformed', reason: 'it is not a JSON object' };
  const { auth, username, password, identitytoken, registrytoken } = entry as Readonly<Record<string, unknown>>;
  if (isText(registrytoken)) {
    return found({ username: tokenUser, password: '', registryToken: registrytoken });
  }
  const identity = isText(identitytoken) ? { identityToken: identitytoken } : {};
  const decoded = isText(auth) ? decode(auth) : undefined;
  if (decoded !== undefined && typeof decoded !== 'string') return found({ ...decoded, ...identity });
  if (typeof username === 'string' && typeof password === 'string' && (username !== '' || password !== '')) {
    return found({ username, password, ...identity });
  }
  if ('identityToken' in identity) return found({ username: tokenUser, password: '', ...identity });
  if (decoded !== undefined) return { kind: 'malformed', reason: decoded };
  if (auth !== undefined && auth !== null && auth !== '') {
    return { kind: 'malformed', reason: 'its "auth" is not text' };
  }
  return { kind: 'empty' };
}

function found(credentials: RegistryCredentials): ReadEntry {
  const { username, password } = credentials;
  const isToken = username === tokenUser && password !== '' && credentials.identityToken === undefined;
  return {
    kind: 'credentials',
    credentials: isToken ? { username, password: '', identityToken: password } : credentials,
  };
}

/** @returns what is wrong, if it is not base64 of user and password */
function decode(auth: string): { readonly username: string; readonly password: string } | string {
  const encoded = auth.replace(/\s+/g, '');
  const isBase64 = /^[\w+/-]+={0,2}$/.test(encoded) && encoded.replace(/=+$/, '').length % 4 !== 1;
  if (!isBase64) {
    const hint = auth.includes(':') ? ': it seems to be user and password as they are, which have to be encoded' : '';
    return `its "auth" is not base64${hint}`;
  }
  // Docker pads with NUL; `echo` adds the end of a line, which belongs to no password.
  const text = Buffer.from(encoded, 'base64')
    .toString('utf8')
    .replace(/^\0+|[\0\r\n]+$/g, '');
  // Passwords may hold colons.
  const colon = text.indexOf(':');
  if (colon < 0 || text === ':') return 'its "auth" is not base64 of user:password';
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}
