import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { hashSync } from 'bcryptjs';

import { readAccessLog } from './access-log.js';
import type { LoggedRequest } from './access-log.js';
import { hasEnded, startChild, stopChild } from './child-process.js';
import { registryRequest } from './registry-request.js';
import type { RegistryAddress } from './registry-request.js';
import { selfSignedCertificate } from './self-signed-certificate.js';
import type { Certificate } from './self-signed-certificate.js';
import { requireTool } from './tools.js';

const startTimeoutMs = 30_000;

export interface RegistryOptions {
  /** `distribution`: version 3; `docker-registry`: Debian's 2.8, whose behaviour many hosted registries still have. */
  readonly kind: 'distribution' | 'docker-registry';
  /** `true` makes a certificate for this server; trust it by the server's `ca`. */
  readonly tls?: Certificate | true;
  /** Basic authorization with this one user. */
  readonly htpasswd?: { readonly user: string; readonly password: string };
  /** Takes the tokens of this service alone (distribution's token specification). */
  readonly tokens?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    /** PEM of the certificate whose key signs them. */
    readonly signedBy: string;
  };
  /** Accept only manifests of these classes: `['image']` refuses what Alibaba Cloud ACR Personal refuses. */
  readonly classes?: readonly string[];
  /** Folder of the blobs, kept when the server stops; without it a new one, removed then. */
  readonly storage?: string;
  readonly readonly?: boolean;
  /** For a server that comes back at its old address; default: a free one. */
  readonly port?: number;
  /** More variables for the process: the registry takes REGISTRY_* as configuration. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A registry that runs. */
export interface RegistryServer extends RegistryAddress {
  readonly kind: RegistryOptions['kind'];
  /** `127.0.0.1:port`, as in image references. */
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  readonly storagePath: string;
  /** Its talk: errors, start and stop. */
  readonly logPath: string;
  readonly accessLogPath: string;
  /** Every request that it has answered so far, in the order in which they ended. */
  requests(): Promise<readonly LoggedRequest[]>;
  stop(): Promise<void>;
}

/**
 * Starts a real registry on 127.0.0.1 and waits until it answers.
 *
 * @throws Error with the end of its log when it does not start
 */
export async function startRegistry(options: RegistryOptions): Promise<RegistryServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-registry-'));
  const storagePath = options.storage ?? join(folder, 'storage');
  const certificate = options.tls === true ? selfSignedCertificate() : options.tls;
  const command = registryCommand(folder, { ...options, tls: certificate, storage: storagePath });

  const logPath = join(folder, 'registry.log');
  const accessLogPath = join(folder, 'access.log');
  const child = startLogged(command, { logPath, accessLogPath });
  try {
    const host = await listeningAddress(child, logPath);
    const address: RegistryAddress = {
      url: `${certificate === undefined ? 'http' : 'https'}://${host}`,
      ...(certificate === undefined ? {} : { ca: certificate.cert }),
      ...(options.htpasswd === undefined ? {} : { credentials: options.htpasswd }),
    };
    await registryRequest(address, {
      method: 'GET',
      path: '/v2/',
      expected: options.tokens === undefined ? [200] : [401],
    });
    return {
      ...address,
      kind: options.kind,
      host,
      port: Number(host.split(':')[1]),
      pid: child.pid ?? 0,
      storagePath,
      logPath,
      accessLogPath,
      requests: () => readAccessLog(address, accessLogPath),
      stop: async () => {
        await stopChild(child);
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stopChild(child, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export interface RegistryCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Writes the configuration of a registry into a folder. @returns how to start it, as often as needed */
export function registryCommand(
  folder: string,
  options: Omit<RegistryOptions, 'tls'> & { readonly tls?: Certificate | undefined; readonly storage: string },
): RegistryCommand {
  const { kind, storage, tls, env = {} } = options;
  const program = requireTool(kind === 'distribution' ? 'registry' : 'docker-registry');
  mkdirSync(storage, { recursive: true });
  const configuration = join(folder, 'config.yml');
  // JSON is YAML, too.
  writeFileSync(configuration, JSON.stringify(configurationOf(options, folder, storage, tls)));
  // Version 3 looks for a trace collector otherwise, and retries for as long as it runs.
  return { program, args: ['serve', configuration], env: { ...process.env, OTEL_TRACES_EXPORTER: 'none', ...env } };
}

function configurationOf(
  { htpasswd, tokens, classes, readonly = false, port = 0 }: Omit<RegistryOptions, 'tls'>,
  folder: string,
  storagePath: string,
  certificate: Certificate | undefined,
): Readonly<Record<string, unknown>> {
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: storagePath },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false }, readonly: { enabled: readonly } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      secret: randomBytes(16).toString('hex'),
      ...(certificate === undefined
        ? {}
        : { tls: { certificate: write('cert.pem', certificate.cert), key: write('key.pem', certificate.key) } }),
    },
    ...(htpasswd === undefined
      ? {}
      : { auth: { htpasswd: { realm: 'ferry', path: write('htpasswd', htpasswdLine(htpasswd)) } } }),
    ...(tokens === undefined
      ? {}
      : {
          auth: {
            token: {
              realm: tokens.realm,
              service: tokens.service,
              issuer: tokens.issuer,
              rootcertbundle: write('tokens.pem', tokens.signedBy),
            },
          },
        }),
    ...(classes === undefined ? {} : { policy: { repository: { classes } } }),
  };
}

/** The least costly hash: it guards nothing, and the registry computes it for every request. */
function htpasswdLine({ user, password }: { readonly user: string; readonly password: string }): string {
  return `${user}:${hashSync(password, 4)}\n`;
}

function startLogged(
  { program, args, env }: RegistryCommand,
  { logPath, accessLogPath }: { readonly logPath: string; readonly accessLogPath: string },
): ChildProcess {
  const [accessLog, log] = [openSync(accessLogPath, 'a'), openSync(logPath, 'a')];
  const child = startChild(program, args, { stdio: ['ignore', accessLog, log], env });
  closeSync(accessLog);
  closeSync(log);
  return child;
}

/** The registry chose its port; its log says which. */
async function listeningAddress(child: ChildProcess, logPath: string): Promise<string> {
  const deadline = Date.now() + startTimeoutMs;
  while (Date.now() < deadline && !hasEnded(child)) {
    const match = /listening on (127\.0\.0\.1:\d+)/.exec(readFileSync(logPath, 'utf8'));
    if (match?.[1] !== undefined) return match[1];
    await sleep(20);
  }
  const log = readFileSync(logPath, 'utf8').split('\n').slice(-20).join('\n');
  throw new Error(`the registry ${hasEnded(child) ? 'ended' : 'did not listen'} instead of starting; its log:\n${log}`);
}
