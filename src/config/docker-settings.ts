import { homedir } from 'node:os';
import { join } from 'node:path';

import type { Environment } from './environment.js';

/** What the `docker` command needs to find its daemon and its proxies: the variables that it gets from the worker. */
export interface DockerEngineConfig {
  readonly environment: Readonly<Record<string, string>>;
  /** The folder in which the user's docker keeps its contexts. */
  readonly userConfigFolder: string;
}

const passedOn = [
  'PATH',
  'HOME',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_API_VERSION',
  'DOCKER_TLS',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  // Without these, Windows finds neither programs nor the daemon's pipe.
  'SystemRoot',
  'USERPROFILE',
  'ProgramData',
];

export function readDocker(environment: Environment): DockerEngineConfig {
  const present = environment.present();
  const userConfigFolder = present['DOCKER_CONFIG'] ?? join(homedir(), '.docker');
  const known = passedOn.flatMap((name) => (present[name] === undefined ? [] : [[name, present[name]] as const]));
  // The command looks for certificates in its configuration folder, which is not the user's here.
  const certificates = { DOCKER_CERT_PATH: userConfigFolder };
  return { environment: { ...certificates, ...Object.fromEntries(known) }, userConfigFolder };
}
