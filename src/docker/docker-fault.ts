import { FerryError } from '../domain/ferry-error.js';
import type { Decision, FaultCode } from '../domain/ferry-error.js';

/** What a command was about: the same output means different things for reading and writing. */
export type DockerSide = 'source' | 'target' | 'daemon';

interface DockerFaultClass {
  readonly says: RegExp;
  /** Absent: any side. */
  readonly side?: DockerSide;
  readonly code: FaultCode;
  readonly decision: Decision;
  readonly advice?: string | undefined;
}

const excerptCharacters = 400;
/** Maximum length of the output that is matched: a command may print megabytes. */
const readCharacters = 16 * 1024;

/** The first match wins. Docker passes on messages of registries and adds its own. */
const judgements: readonly DockerFaultClass[] = [
  {
    says: /permission denied while trying to connect|dial unix .*: connect: permission denied/i,
    code: 'configuration',
    decision: 'block',
    advice: 'give the worker’s user access to the Docker daemon (group "docker", or DOCKER_HOST)',
  },
  {
    says: /cannot connect to the docker daemon|error during connect|failed to connect to the docker API/i,
    code: 'unreachable',
    decision: 'retry',
    advice: 'start the Docker daemon, or set DOCKER_HOST to its address',
  },
  {
    says: /toomanyrequests|too many requests|status: 429|rate limit/i,
    code: 'rate-limited',
    decision: 'wait',
    advice: 'credentials may raise the limit',
  },
  {
    says: /no space left|disk quota exceeded/i,
    side: 'target',
    code: 'target-full',
    decision: 'block',
    advice: 'free some space on the registry or on the disk of the Docker daemon',
  },
  {
    says: /no space left|disk quota exceeded/i,
    code: 'server-error',
    decision: 'retry',
    advice: 'free some space on the disk of the Docker daemon',
  },
  {
    says: /no matching manifest|does not match the specified platform|does not provide the specified platform|cannot be used on this platform/i,
    code: 'platform-missing',
    decision: 'block',
  },
  {
    says: /cannot overwrite digest/i,
    code: 'configuration',
    decision: 'block',
    advice:
      'the daemon has this digest for another platform: remove that image from it, or request the image by its tag',
  },
  {
    says: /quota|(storage|repository|repositories|namespace) limit/i,
    side: 'target',
    code: 'quota',
    decision: 'block',
    advice: 'raise the quota or delete something',
  },
  {
    says: /immutable|ImageTagAlreadyExists|cannot be overwritten|TAG_INVALID/i,
    side: 'target',
    code: 'tag-immutable',
    decision: 'block',
    advice: 'the tag is immutable: use another tag, or allow changes',
  },
  {
    says: /unknown manifest class|unsupported (manifest|media) ?type|artifact type|manifest invalid/i,
    side: 'target',
    code: 'manifest-refused',
    decision: 'block',
  },
  {
    says: /server gave HTTP response to HTTPS client/i,
    code: 'tls',
    decision: 'block',
    advice: 'the registry uses plain HTTP: add it to "insecure-registries" of the Docker daemon',
  },
  {
    says: /x509|certificate|tls: (?!handshake timeout)/i,
    code: 'tls',
    decision: 'block',
    advice: 'put its CA file into /etc/docker/certs.d on the machine of the Docker daemon',
  },
  {
    says: /unauthorized|authentication required|no basic auth credentials|incorrect username or password|status: 401/i,
    code: 'unauthorized',
    decision: 'block',
    advice: 'check the user and password for this registry',
  },
  {
    says: /pull access denied|requested access to the resource is denied|\bdenied\b|forbidden|status: 403/i,
    side: 'source',
    code: 'unauthorized',
    decision: 'block',
    advice: 'the repository is private or does not exist: check its name, and the user and password for this registry',
  },
  {
    says: /\bdenied\b|forbidden|status: 403/i,
    code: 'denied',
    decision: 'block',
    advice:
      'the account has no write access, the namespace is missing, or the registry does not create repositories on push',
  },
  {
    says: /name unknown|repository .*not (found|known)|repository name not known/i,
    code: 'repository-missing',
    decision: 'block',
    advice: 'check the name of the repository',
  },
  {
    says: /manifest unknown|manifest for .* not found|no such manifest|: not found/i,
    side: 'source',
    code: 'tag-missing',
    decision: 'wait',
  },
  {
    says: /connection refused|no such host|timeout|deadline exceeded|\bEOF\b|connection reset|unreachable|server misbehaving|broken pipe|request canceled|closed network/i,
    code: 'unreachable',
    decision: 'retry',
  },
  {
    says: /status: 5\d\d|internal server error|bad gateway|service unavailable/i,
    code: 'server-error',
    decision: 'retry',
  },
];

/** Converts the output of a failed `docker` command to an error. */
export class DockerFault extends FerryError {
  readonly side: DockerSide;

  constructor(
    message: string,
    { side, ...details }: { readonly side: DockerSide; readonly code: FaultCode; readonly decision: Decision },
  ) {
    super(message, details);
    this.side = side;
  }
}

/**
 * @param what for messages: `docker pull docker.io/library/nginx:1.27`
 * @param said the command's standard error
 */
export function dockerFault(what: string, said: string, side: DockerSide): DockerFault {
  const line = printable(said);
  const words = withoutName(line, what);
  const judged = judgements.find((judgement) => fits(judgement, words, side));
  const { code, decision, advice } = judged ?? { code: 'internal', decision: 'retry' };
  return new DockerFault(
    `${what}: ${line === '' ? 'it failed without output' : line}${advice === undefined ? '' : `; ${advice}`}`,
    {
      side,
      code,
      decision,
    },
  );
}

/** A name may contain any word, such as team/quota or jetstack/certificate, so the last argument is not matched. */
function withoutName(line: string, what: string): string {
  const name = what.split(' ').at(-1) ?? '';
  if (!name.includes('/')) return line;
  const repository = name.replace(/(@|:(?=[^/]*$)).*$/, '');
  return line.replaceAll(repository, '');
}

function fits({ says, side: only }: DockerFaultClass, line: string, side: DockerSide): boolean {
  return (only === undefined || only === side) && says.test(line);
}

/** One line, without user names, passwords and signatures of URLs. */
function printable(said: string): string {
  const line = said
    .slice(0, readCharacters)
    .replace(/(https?:\/\/)[^\s/"']*@/g, '$1')
    .replace(/(https?:\/\/[^\s"'?]*)\?[^\s"']*/g, '$1?…')
    .replace(/^Error response from daemon: /gm, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line.length > excerptCharacters ? `${line.slice(0, excerptCharacters)}…` : line;
}
