import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { hasEnded, startChild, stopChild } from '../../demo/child-process.js';
import { freePort } from '../support/free-port.js';
import { requireTool } from '../support/tools.js';
import type { ToolName } from '../support/tools.js';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** kube-apiserver with an etcd of its own. No controller and no kubelet runs: what is created there stays as it is. */
export interface ApiServer {
  /** Path of a kubeconfig file of a user with every right. */
  readonly kubeconfig: string;
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

const readyWithinMs = 120_000;

export async function startApiServer(): Promise<ApiServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-kubernetes-'));
  const [clients, peers, port] = [await freePort(), await freePort(), await freePort()];
  const token = randomUUID();
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  mkdirSync(join(folder, 'certificates'));
  const etcdAddress = `http://127.0.0.1:${clients}`;
  const etcd = start('etcd', folder, [
    '--data-dir',
    join(folder, 'etcd'),
    '--listen-client-urls',
    etcdAddress,
    '--advertise-client-urls',
    etcdAddress,
    '--listen-peer-urls',
    `http://127.0.0.1:${peers}`,
    '--unsafe-no-fsync',
  ]);
  const server = start('kube-apiserver', folder, [
    `--etcd-servers=${etcdAddress}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, 'certificates')}`,
    '--service-cluster-ip-range=10.0.0.0/24',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('accounts.pub', publicKey)}`,
    `--service-account-signing-key-file=${file('accounts.key', privateKey)}`,
    `--token-auth-file=${file('tokens.csv', `${token},tester,tester,system:masters\n`)}`,
    '--authorization-mode=RBAC',
    // It wants accounts that a controller makes.
    '--disable-admission-plugins=ServiceAccount',
  ]);
  const certificate = join(folder, 'certificates', 'apiserver.crt');
  const ask: ApiServer['ask'] = async (method, path, body) =>
    await exchange({ port, token, certificate, method, path, body });
  const stop = async (): Promise<void> => {
    await stopChild(server);
    await stopChild(etcd);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const until = performance.now() + readyWithinMs;
    const isReady = async (): Promise<boolean> =>
      existsSync(certificate) &&
      (await ask('GET', '/readyz').catch(() => undefined))?.status === 200 &&
      (await ask('GET', '/api/v1/namespaces/default')).status === 200;
    while (!(await isReady())) {
      if (hasEnded(server) || hasEnded(etcd) || performance.now() > until) {
        throw new Error(`kube-apiserver is not ready: ${readFileSync(join(folder, 'kube-apiserver.log'), 'utf8')}`);
      }
      await sleep(500);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority-data': readFileSync(certificate).toString('base64'),
        },
      },
    ],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'c', user: 'u' } }],
  };
  return { kubeconfig: file('kubeconfig', JSON.stringify(config)), ask, stop };
}

function start(tool: Extract<ToolName, 'etcd' | 'kube-apiserver'>, folder: string, args: readonly string[]) {
  const log = openSync(join(folder, `${tool}.log`), 'a');
  const child = startChild(requireTool(tool), args, { stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

async function exchange({
  port,
  token,
  certificate,
  method,
  path,
  body,
}: {
  readonly port: number;
  readonly token: string;
  readonly certificate: string;
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        ca: readFileSync(certificate),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
