import { request as httpRequest } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RequestOptions } from 'node:https';

import type { KubeConfig } from '@kubernetes/client-node';

import { errorMessage } from '../domain/error-message.js';
import { InvalidInput } from '../domain/ferry-error.js';
import { referenceOf } from '../domain/image-text.js';
import { isObject } from '../domain/is-object.js';
import type { Discovery } from './discovery.js';
import { findKubernetesImages, isKubernetesObject, nameOf } from './kubernetes-images.js';
import type { KubernetesObject } from './kubernetes-images.js';

export interface ClusterOptions {
  /** Name of a context in the kubeconfig; absent: the current one. */
  readonly context?: string | undefined;
  /** Absent: every namespace. */
  readonly namespace?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Kinds that start containers. Old ReplicaSets, which Deployments keep for a rollback, are not listed. */
const resources = [
  { kind: 'Pod', group: 'api/v1', version: 'v1', plural: 'pods' },
  { kind: 'Deployment', group: 'apis/apps/v1', version: 'apps/v1', plural: 'deployments' },
  { kind: 'StatefulSet', group: 'apis/apps/v1', version: 'apps/v1', plural: 'statefulsets' },
  { kind: 'DaemonSet', group: 'apis/apps/v1', version: 'apps/v1', plural: 'daemonsets' },
  { kind: 'CronJob', group: 'apis/batch/v1', version: 'batch/v1', plural: 'cronjobs' },
  { kind: 'Job', group: 'apis/batch/v1', version: 'batch/v1', plural: 'jobs' },
] as const;
type Resource = (typeof resources)[number];

const objectsAPage = 250;
const mostPages = 4_000;
/** Of one page; an object has at most 1.5 MB in etcd, and usual ones 10 KB. */
const largestAnswer = 64 * 1024 * 1024;
const answerTimeoutMs = 30_000;
/** Reasons for which a container waits since its image cannot be pulled. */
const pullFaults =
  /^(?:ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|ImageInspectError|RegistryUnavailable)$/;

/**
 * Finds the images of a running cluster, with read requests alone: of its Pods, first those that cannot be pulled, and of
 * the kinds that start Pods. A kind that may not be listed is reported and does not affect the others.
 *
 * @throws InvalidInput if the kubeconfig has no such context
 */
export async function readCluster(discovery: Discovery, options: ClusterOptions): Promise<void> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node/dist/config.js');
  const config = new Config();
  try {
    config.loadFromDefault();
  } catch (error) {
    throw new InvalidInput(`the kubeconfig cannot be read: ${errorMessage(error)}`, 'configuration');
  }
  chooseContext(config, options.context);
  const source = `cluster ${config.getCurrentContext()}`;
  for (const resource of resources) {
    options.signal?.throwIfAborted();
    try {
      for await (const items of pagesOf(config, resource, options)) {
        for (const item of items) {
          if (resource.kind === 'Pod') readPod(discovery, item, source);
          else if (!isOwned(item)) findKubernetesImages(discovery, item, { source, lineOf: () => undefined });
        }
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      discovery.fault(`${source}: ${resource.plural}`, errorMessage(error));
    }
  }
}

function chooseContext(config: KubeConfig, context: string | undefined): void {
  const names = config.getContexts().map(({ name }) => name);
  if (context !== undefined) {
    if (!names.includes(context)) {
      const known = names.length === 0 ? 'none' : names.join(', ');
      throw new InvalidInput(`the kubeconfig has no context ${context}; it has: ${known}`, 'configuration');
    }
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) {
    throw new InvalidInput(
      'no cluster is configured: set KUBECONFIG, or pass the name of a context with --cluster',
      'configuration',
    );
  }
}

function readPod(discovery: Discovery, pod: KubernetesObject, source: string): void {
  const failing = failingImages(pod);
  for (const { image, reason } of failing) {
    const reference = referenceOf(image);
    if (reference === undefined) continue;
    const evidence = {
      source,
      path: `${nameOf(pod)} status`,
      rule: 'container',
      text: image,
      failing: reason,
    } as const;
    discovery.find(reference, 'certain', evidence);
  }
  findKubernetesImages(discovery, pod, { source, lineOf: () => undefined });
}

/** Images of containers that wait because a pull has failed. */
function failingImages({ status }: KubernetesObject): readonly { readonly image: string; readonly reason: string }[] {
  const fields = mapOf(status);
  const lists = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'].map(
    (name) => fields[name],
  );
  return lists
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .flatMap((container) => {
      const { image, state } = mapOf(container);
      const { reason, message } = mapOf(mapOf(state)['waiting']);
      if (typeof image !== 'string' || typeof reason !== 'string' || !pullFaults.test(reason)) return [];
      return [{ image, reason: typeof message === 'string' ? `${reason}: ${message.slice(0, 300)}` : reason }];
    });
}

/** A Job of a CronJob, whose images its owner names. */
function isOwned({ metadata }: KubernetesObject): boolean {
  const owners = mapOf(metadata)['ownerReferences'];
  return Array.isArray(owners) && owners.some((owner) => mapOf(owner)['controller'] === true);
}

async function* pagesOf(
  config: KubeConfig,
  { kind, group, version, plural }: Resource,
  { namespace, signal }: ClusterOptions,
): AsyncGenerator<readonly KubernetesObject[]> {
  const path = namespace === undefined ? plural : `namespaces/${encodeURIComponent(namespace)}/${plural}`;
  let next = '';
  for (let page = 0; page < mostPages; page += 1) {
    const query = `limit=${objectsAPage}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const answer = mapOf(await get(config, `${group}/${path}?${query}`, signal));
    const { items, metadata } = answer;
    if (!Array.isArray(items)) throw new Error('the server has sent no list');
    yield items
      .map((item: unknown): unknown => ({ apiVersion: version, kind, ...mapOf(item) }))
      .filter(isKubernetesObject);
    const { continue: rest } = mapOf(metadata);
    if (typeof rest !== 'string' || rest === '') return;
    next = rest;
  }
  throw new Error(`there are more than ${mostPages * objectsAPage} objects: pass --namespace`);
}

/** @throws Error with the address and what the server has answered */
async function get(config: KubeConfig, path: string, signal: AbortSignal | undefined): Promise<unknown> {
  const server = config.getCurrentCluster()?.server ?? '';
  const url = new URL(`${server.replace(/\/+$/, '')}/${path}`);
  const timeout = AbortSignal.timeout(answerTimeoutMs);
  try {
    const response = await send(config, url, signal === undefined ? timeout : AbortSignal.any([signal, timeout]));
    return readAnswer(response.statusCode ?? 0, await bodyOf(response), url);
  } catch (error) {
    if (error instanceof ClusterAnswer) throw error;
    const reason = timeout.aborted ? `no answer within ${answerTimeoutMs / 1_000} s` : errorMessage(error);
    throw new ClusterAnswer(`${url.origin} cannot be reached: ${reason}`);
  }
}

/** What the server said, or why it did not. */
class ClusterAnswer extends Error {}

async function send(config: KubeConfig, url: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const given: OutgoingHttpHeaders = {};
  const options: RequestOptions = { headers: given };
  await config.applyToHTTPSOptions(options);
  const ask = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const headers = { ...given, accept: 'application/json' };
  return await new Promise((resolve, reject) => {
    ask(url, { ...options, headers, method: 'GET', signal }, resolve)
      .on('error', reject)
      .end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop closes the connection.
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestAnswer) throw new Error(`the answer has more than ${largestAnswer} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readAnswer(status: number, body: string, url: URL): unknown {
  if (status >= 200 && status < 300) {
    try {
      return JSON.parse(body) as unknown;
    } catch {
      throw new ClusterAnswer(`${url.origin}${url.pathname} has answered with something that is not JSON`);
    }
  }
  const advice = status === 401 || status === 403 ? ': the account needs the permission to list them' : '';
  throw new ClusterAnswer(`${url.origin}${url.pathname} has answered ${status} ${messageIn(body)}`.trim() + advice);
}

function messageIn(body: string): string {
  try {
    const { message } = mapOf(JSON.parse(body));
    return typeof message === 'string' ? message.slice(0, 300) : '';
  } catch {
    return '';
  }
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}
