import { RegistryError } from '../errors.js';
import { RegistryFault } from '../registry-errors.js';
import type { RepositoryRef } from '../repository-ref.js';
import { ProxyFault } from './proxy-fault.js';
import { printUrl, redactText } from './redaction.js';

const notTlsCodes = new Set(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);
const certificateCode =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

const plainWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused: is the registry running, and is the port right?',
  ENOTFOUND: 'its name is not known: is the host name right, and is DNS working?',
  EAI_AGAIN: 'its name could not be looked up just now: is DNS working here?',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while it was being written to',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
};

/** Turns node's error for a broken connection into a fault that names the host and says what to do. */
export function networkFault(error: unknown, repo: RepositoryRef, url: URL): RegistryError {
  if (error instanceof RegistryError) return explained(error, repo);
  if (error instanceof ProxyFault) {
    const [code, decision] = error.passes ? (['unreachable', 'retry'] as const) : (['configuration', 'block'] as const);
    const message = redactText(error.message);
    return new RegistryFault(message, { repo, code, decision, hostReason: message, cause: error.cause });
  }
  const code = codeOf(error);
  const text = redactText(error instanceof Error ? error.message : String(error));
  if (notTlsCodes.has(code)) {
    const message = `${url.host} does not speak TLS; write http:// in front of the host's name if plain HTTP is meant`;
    return new RegistryFault(message, { repo, code: 'tls', decision: 'block', hostReason: message, cause: error });
  }
  if (certificateCode.test(code)) {
    const message =
      `the certificate of ${url.host} is not trusted: ${text}; give its CA in the configuration, ` +
      'or in NODE_EXTRA_CA_CERTS';
    return new RegistryFault(message, { repo, code: 'tls', decision: 'block', hostReason: message, cause: error });
  }
  const reason = plainWords[code] ?? text;
  return new RegistryFault(`could not talk to ${printUrl(url)}: ${reason}`, {
    repo,
    code: 'unreachable',
    decision: 'retry',
    hostReason: reason,
    cause: error,
  });
}

/** node wraps the attempts at several addresses of a name into one AggregateError that has the code of the first. */
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}

function explained(error: RegistryError, repo: RepositoryRef): RegistryError {
  if (error instanceof RegistryFault) return error;
  return new RegistryFault(error.message, { repo, code: error.code, decision: error.decision, cause: error });
}
