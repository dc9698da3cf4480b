import type { RepositoryRef } from '../repository-ref.js';
import type { Method } from './exchange.js';
import type { Resource } from './resource.js';

/** What an answer means where the specification does not say it, or registries do not keep to it. */
export type Habit =
  | 'rate-limit'
  | 'policy'
  | 'storage-full'
  | 'quota'
  | 'immutable-tag'
  | 'refused-kind'
  | 'unknown-parts'
  | 'no-push'
  | 'hides-absent'
  | 'damaged-record'
  | 'damaged-content'
  | 'refuses-head'
  | 'no-referrers'
  | 'refuses-page'
  | 'no-patch'
  | 'one-put'
  | 'no-chunks'
  | 'no-announcement'
  | 'buffers-requests'
  | 'upload-lost'
  | 'stored'
  | 'still-storing'
  | 'points-elsewhere'
  | 'no-cancel';

/** One habit of one registry, or of some. What a field leaves open is not looked at. */
export interface Quirk {
  readonly habit: Habit;
  /** Where it was seen; others may have it, too. */
  readonly registry: string;
  /** Only these hosts, known before any answer. */
  readonly host?: RegExp;
  /** The `Server` field of any of its answers. */
  readonly server?: RegExp;
  readonly side?: RepositoryRef['side'];
  readonly methods?: readonly Method[];
  readonly resources?: readonly Resource[];
  readonly statuses?: readonly number[];
  /** From and to, both included. */
  readonly between?: readonly [number, number];
  /** One of the registry's own error codes; `[]`: it gives none. */
  readonly codes?: readonly string[];
  readonly says?: RegExp;
  /** A report, a page of documentation, or the test that has it from a real server. */
  readonly source: string;
}

const readMethods = ['GET', 'HEAD'] as const;
const sendMethods = ['POST', 'PATCH', 'PUT'] as const;

/** By habit; of the ones that classify a fault the first that matches counts. */
export const quirks: readonly Quirk[] = [
  {
    habit: 'rate-limit',
    registry: 'ECR 400, Quay 503, proxies 403',
    between: [400, 599],
    says: /rate.?limit|too ?many ?requests|throttl|requests? limit/i,
    source: 'ECR: TooManyRequestsException; in place of 429',
  },
  {
    habit: 'policy',
    registry: 'Harbor',
    codes: ['PROJECTPOLICYVIOLATION'],
    source: 'goharbor/harbor#22650, GoogleContainerTools/kaniko#2852',
  },
  {
    habit: 'policy',
    registry: 'Harbor',
    methods: readMethods,
    resources: ['manifest'],
    statuses: [412],
    source: 'goharbor/harbor#20768 (HEAD has no words)',
  },
  {
    habit: 'policy',
    registry: 'scanners and legal blocks before registries',
    methods: readMethods,
    resources: ['manifest'],
    statuses: [423, 451],
    source: 'RFC 7725; RFC 4918 §11.3',
  },
  {
    habit: 'storage-full',
    registry: 'distribution 2.8',
    side: 'target',
    between: [400, 599],
    says: /no space left|file too large|disk (is )?full|enospc|insufficient storage|disk quota exceeded|"Err":28\b/i,
    source: 'its filesystem driver gives the error of the disk as JSON, ENOSPC as the number that it has on Linux',
  },
  { habit: 'storage-full', registry: 'WebDAV storages', side: 'target', statuses: [507], source: 'RFC 4918 §11.5' },
  {
    habit: 'quota',
    registry: 'Harbor, ACR',
    side: 'target',
    between: [400, 499],
    says: /quota|(storage|repository|repositories|namespace) limit|limit (is |was )?exceeded|exceeds? .*limit/i,
    source: 'goharbor.io/docs/main/administration/configure-project-quotas (403 and 412)',
  },
  {
    habit: 'immutable-tag',
    registry: 'ECR, Harbor, ACR, Artifact Registry, Nexus',
    side: 'target',
    resources: ['manifest'],
    between: [400, 499],
    says: /immutab|ImageTagAlreadyExists|cannot be overwritten|does not allow updating|TAG_INVALID/i,
    source: 'docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html',
  },
  {
    habit: 'refused-kind',
    registry: 'ACR Personal, distribution 2.8 for images alone',
    side: 'target',
    between: [400, 499],
    says: /unknown manifest class|unsupported (manifest|media) ?type|artifact type/i,
    source: 'docs/registries.md: policy.repository.classes',
  },
  {
    habit: 'unknown-parts',
    registry: 'distribution 400, go-containerregistry 404',
    side: 'target',
    methods: ['PUT'],
    resources: ['manifest'],
    codes: ['MANIFEST_BLOB_UNKNOWN', 'BLOB_UNKNOWN', 'MANIFEST_UNKNOWN'],
    source: 'distribution-spec, "Error Codes"; pkg/registry/manifest.go of go-containerregistry',
  },
  {
    habit: 'immutable-tag',
    registry: 'Harbor',
    side: 'target',
    methods: ['PUT'],
    resources: ['manifest'],
    statuses: [412],
    source: 'goharbor.io/docs/main/working-with-projects/working-with-images/create-tag-immutability-rules',
  },
  {
    habit: 'no-push',
    registry: 'Harbor',
    side: 'target',
    statuses: [401],
    says: /\baction: (?:\w+, ?)*push\b|\bproject \S+ not found\b/i,
    source: 'AliyunContainerService/image-syncer#137',
  },
  {
    habit: 'no-push',
    registry: 'ACR',
    side: 'target',
    statuses: [401],
    codes: ['DENIED'],
    source: 'distribution-spec, "Error Codes": 403 is meant',
  },
  {
    habit: 'hides-absent',
    registry: 'ACR, ECR',
    side: 'target',
    methods: readMethods,
    statuses: [401, 403],
    source: 'AliyunContainerService/image-syncer#149 (a repository that a push would make)',
  },
  {
    habit: 'damaged-record',
    registry: 'distribution 3; 2.8',
    side: 'target',
    methods: ['GET'],
    resources: ['blob', 'manifest'],
    statuses: [500],
    says: /invalid checksum digest format|unknown error \{\}$/i,
    source:
      'a full disk left the file empty that links a repository to a blob or manifest, or a tag to its manifest; the next push writes it again',
  },
  {
    habit: 'damaged-content',
    registry: 'distribution 3; 2.8',
    side: 'target',
    methods: ['GET'],
    resources: ['manifest'],
    statuses: [500],
    says: /unexpected end of JSON input|unknown error \{"Offset":\d+\}$/i,
    source: 'a full disk left the file of the manifest empty; it counts as there, and no push writes it again',
  },
  {
    habit: 'refuses-head',
    registry: 'Nexus 404, registry.centos.org 403, GitLab on S3 403, others 400, 405, 500, 501 or 204',
    methods: ['HEAD'],
    between: [201, 599],
    source: 'crazy-max/diun#1614, containerd/containerd#6684, moby/moby#50065',
  },
  {
    habit: 'no-referrers',
    registry: 'distribution 2.8 404, others',
    methods: ['GET'],
    resources: ['referrers'],
    statuses: [400, 401, 403, 404, 405, 406, 501],
    source: 'distribution-spec, "Unavailable Referrers API"; the tag decides then, also about rights',
  },
  {
    habit: 'refuses-page',
    registry: 'distribution with tag.maxtags, ECR beyond 1,000',
    methods: ['GET'],
    resources: ['tags'],
    between: [400, 599],
    source: 'distribution/distribution#4856',
  },
  {
    habit: 'no-patch',
    registry: 'GHCR 416, gateways 405 and 501',
    methods: ['PATCH'],
    resources: ['upload'],
    statuses: [405, 416, 501],
    source: 'oras-project/rust-oci-client#37',
  },
  {
    habit: 'no-patch',
    registry: 'gateways before storages',
    methods: ['PATCH'],
    resources: ['upload'],
    statuses: [400, 404],
    codes: [],
    source: 'packages/registry/test/copy-faults.test.ts: "a registry without PATCH gets a blob in one PUT"',
  },
  {
    habit: 'one-put',
    registry: 'Google Artifact Registry, gcr.io',
    host: /(^|\.)gcr\.io$|\.pkg\.dev$/,
    source: 'its documentation: no chunked or resumable uploads',
  },
  {
    habit: 'no-chunks',
    registry: 'GHCR',
    host: /^ghcr\.io$/,
    source: 'containers/skopeo#1101: of several PATCHes only the last counts',
  },
  {
    habit: 'no-announcement',
    registry: 'proxies',
    methods: sendMethods,
    statuses: [417],
    source: 'RFC 9110 §15.5.18',
  },
  {
    habit: 'buffers-requests',
    registry: 'nginx, openresty and Tengine before registries',
    server: /^(nginx|openresty|tengine)\b/i,
    source: 'nginx.org: proxy_request_buffering, on by default; of a broken request nothing reaches the registry',
  },
  {
    habit: 'upload-lost',
    registry: 'distribution 2.8 after a cut PATCH or a restart',
    resources: ['upload'],
    codes: ['BLOB_UPLOAD_UNKNOWN', 'BLOB_UPLOAD_INVALID'],
    source: 'distribution-spec, "Error Codes"',
  },
  {
    habit: 'stored',
    registry: 'ECR 201 to PATCH, others 200, 202 or 204 to PUT',
    methods: ['PATCH', 'PUT'],
    statuses: [200, 201, 202, 204],
    source: 'aws/containers-roadmap#2831',
  },
  {
    habit: 'still-storing',
    registry: 'proxies before object storages',
    methods: ['PUT'],
    resources: ['upload'],
    statuses: [408, 499, 504, 524],
    source: 'goharbor/harbor#6050, distribution/distribution#1274',
  },
  {
    habit: 'points-elsewhere',
    registry: 'gateways',
    methods: ['PUT'],
    resources: ['upload'],
    statuses: [301, 302, 303],
    source: 'RFC 9110 §15.4.4: a 303 may confirm a completed action',
  },
  {
    habit: 'no-cancel',
    registry: 'Quay 401, go-containerregistry 404',
    methods: ['DELETE'],
    resources: ['upload'],
    statuses: [400, 401, 403, 404, 405],
    source: 'quay.io grants no deletion; others know no cancelling',
  },
];

/** Docker Hub's API does not live on the host that references name (docs.docker.com/reference/api/registry/latest). */
export const apiHosts: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** An answer, as far as the asker knows it. */
export interface SeenAnswer {
  readonly side?: RepositoryRef['side'];
  readonly method: Method;
  readonly resource: Resource;
  readonly status: number;
  /** The registry's own words. */
  readonly said?: string;
  readonly codes?: readonly string[];
}

/** Whether an answer is one of this habit. */
export function isHabit(habit: Habit, answer: SeenAnswer): boolean {
  return quirks.some((quirk) => quirk.habit === habit && matches(quirk, answer));
}

/** The first of these habits that an answer is one of. */
export function habitOf<H extends Habit>(habits: Readonly<Record<H, unknown>>, answer: SeenAnswer): H | undefined {
  const isOne = (habit: Habit): habit is H => Object.hasOwn(habits, habit);
  for (const quirk of quirks) if (isOne(quirk.habit) && matches(quirk, answer)) return quirk.habit;
  return undefined;
}

/** Whether a host is known for it, before it has answered anything. */
export function isKnownFor(habit: Habit, host: string): boolean {
  return quirks.some((quirk) => quirk.habit === habit && quirk.host?.test(host) === true);
}

/** Whether the `Server` field of an answer is that of a server with this habit. */
export function isServerFor(habit: Habit, server: string | undefined): boolean {
  return server !== undefined && quirks.some((quirk) => quirk.habit === habit && quirk.server?.test(server) === true);
}

/** The statuses of a habit, for requests that expect them. */
export function statusesOf(habit: Habit): readonly number[] {
  return quirks.filter((quirk) => quirk.habit === habit).flatMap(({ statuses = [] }) => statuses);
}

/** The error codes of a habit. */
export function codesOf(habit: Habit): readonly string[] {
  return quirks.filter((quirk) => quirk.habit === habit).flatMap(({ codes = [] }) => codes);
}

function matches(
  { host, server, side, methods, resources, statuses, between, codes, says }: Quirk,
  { side: asked, method, resource, status, said = '', codes: given = [] }: SeenAnswer,
): boolean {
  if (host !== undefined || server !== undefined) return false;
  if (side !== undefined && side !== asked) return false;
  if (methods?.includes(method) === false || resources?.includes(resource) === false) return false;
  if (statuses?.includes(status) === false) return false;
  if (between !== undefined && (status < between[0] || status > between[1])) return false;
  if (codes?.length === 0 && given.length > 0) return false;
  if (codes !== undefined && codes.length > 0 && !codes.some((code) => given.includes(code))) return false;
  return says?.test(said) !== false;
}
