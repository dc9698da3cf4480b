import { printImageReference } from '@image-ferry/registry/reference';
import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorIndex, MirrorName } from './mirror-index.js';
import { applyNotes, inObjects, objectName } from './object-parts.js';

export interface PolicyOptions {
  /** Name of the target. */
  readonly target: string;
  readonly pinned: boolean;
  /** Only change pods, and leave workloads as they were applied. */
  readonly podsOnly: boolean;
}

/** In characters. CEL refuses an expression of more than 100,000. */
const longestExpression = 60_000;

interface Resource {
  readonly name: string;
  readonly rules: readonly {
    readonly apiGroups: string[];
    readonly resources: string[];
    readonly operations: string[];
  }[];
  /** Fields from the object to the pod's specification. */
  readonly path: readonly string[];
  readonly lists: readonly PodList[];
}

type PodList = 'containers' | 'initContainers' | 'ephemeralContainers' | 'volumes';

const inPods: readonly PodList[] = ['containers', 'initContainers', 'volumes'];

const resources: readonly Resource[] = [
  {
    name: 'pods',
    // The images of a pod that runs must not change when something else is updated.
    rules: [{ apiGroups: [''], resources: ['pods'], operations: ['CREATE'] }],
    path: ['spec'],
    lists: inPods,
  },
  {
    name: 'ephemeral-containers',
    rules: [{ apiGroups: [''], resources: ['pods/ephemeralcontainers'], operations: ['UPDATE'] }],
    path: ['spec'],
    lists: ['ephemeralContainers'],
  },
  {
    name: 'workloads',
    rules: [
      {
        apiGroups: ['apps'],
        resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
        operations: ['CREATE', 'UPDATE'],
      },
      { apiGroups: [''], resources: ['replicationcontrollers'], operations: ['CREATE', 'UPDATE'] },
      // The template of a job cannot change later.
      { apiGroups: ['batch'], resources: ['jobs'], operations: ['CREATE'] },
    ],
    path: ['spec', 'template', 'spec'],
    lists: inPods,
  },
  {
    name: 'cron-jobs',
    rules: [{ apiGroups: ['batch'], resources: ['cronjobs'], operations: ['CREATE', 'UPDATE'] }],
    path: ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
    lists: inPods,
  },
];

/**
 * MutatingAdmissionPolicies (admissionregistration.k8s.io/v1, Kubernetes 1.36) with bindings: they give pods and
 * workloads mirrored names without a webhook. Only images that are on the target are changed. There are several policies
 * for the same objects if one would be too large for etcd.
 */
export function mutatingPolicies(
  names: readonly MirrorName[],
  index: MirrorIndex,
  { target, pinned, podsOnly }: PolicyOptions,
): ConsumerOutput {
  const findings = new Findings();
  const maps = mirrorMaps(names, (name) => index.textOf(name, pinned || name.source.digest !== undefined));
  const parts = inObjects(maps, (map) => map.length);
  if (!podsOnly) {
    findings.note('GitOps tools report changed workloads as drift: with --pods-only the policies change pods alone');
  }
  findings.note('images that are named with a digest are changed only if they were mirrored by that name');
  const documents = resources
    .filter(({ name }) => !podsOnly || name === 'pods' || name === 'ephemeral-containers')
    .flatMap((resource) =>
      parts.flatMap((part, position) => {
        const name = objectName(policyName(resource.name, target), position);
        return [policyOf(resource, name, part), bindingOf(name)];
      }),
    );
  const texts = documents.map((document) => stringify(document, { lineWidth: 0 }));
  for (const note of applyNotes(texts, parts.length, 'policies and bindings')) findings.note(note);
  return findings.output(oneFile(texts.join('---\n')));
}

/** Maps of CEL from an image to its mirrored name, each as long as an expression may be. */
function mirrorMaps(names: readonly MirrorName[], textOf: (name: MirrorName) => string): readonly string[] {
  const maps: string[] = [];
  let entries: string[] = [];
  let length = 0;
  for (const name of names) {
    const entry = `${JSON.stringify(printImageReference(name.source))}: ${JSON.stringify(textOf(name))}`;
    if (length + entry.length > longestExpression) {
      maps.push(mapOf(entries));
      [entries, length] = [[], 0];
    }
    entries.push(entry);
    length += entry.length + 4;
  }
  if (entries.length > 0 || maps.length === 0) maps.push(mapOf(entries));
  return maps;
}

function mapOf(entries: readonly string[]): string {
  // The type of an empty map would not be known.
  return entries.length === 0 ? '{"": ""}' : `{\n  ${entries.join(',\n  ')}\n}`;
}

function policyOf({ rules, path, lists }: Resource, name: string, maps: readonly string[]) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name },
    spec: {
      // A pod with the source's name is better than none.
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'IfNeeded',
      matchConstraints: {
        resourceRules: rules.map((rule) => ({ ...rule, apiVersions: ['v1'] })),
      },
      variables: [
        ...maps.map((expression, at) => ({ name: `mirrors${at}`, expression })),
        { name: 'mirrors', expression: `[${maps.map((_, at) => `variables.mirrors${at}`).join(', ')}]` },
        ...lists.map((list) => ({ name: list, expression: mirrorsOf(list, path) })),
      ],
      mutations: lists.map((list) => ({
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: changeOf(list, path) },
      })),
    },
  };
}

function bindingOf(name: string) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name },
  };
}

/** A name of Kubernetes has lower-case letters, digits and hyphens. */
function policyName(resource: string, target: string): string {
  const word = target
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `image-ferry-${word === '' ? 'target' : word}-${resource}`;
}

/** The mirrored name of each item of a list, in a list of its own which is empty if the image is not mirrored. */
function mirrorsOf(list: PodList, path: readonly string[]): string {
  const written =
    list === 'volumes'
      ? 'has(item.image) && has(item.image.reference) ? item.image.reference : ""'
      : 'has(item.image) ? item.image : ""';
  // Pods name an image in several ways: nginx, docker.io/nginx, docker.io/library/nginx:latest.
  return `${itemsOf(list, path)}
  .map(item, ${written})
  .map(image, image.startsWith("index.docker.io/") ? image.substring(6) : image)
  .map(image, image.matches(r"^(localhost|[^/]*[.:][^/]*)/") ? image : "docker.io/" + image)
  .map(image, image.matches(r"^docker[.]io/[^/]+$") ? "docker.io/library/" + image.substring(10) : image)
  .map(image, image.matches(r"[:@][^/]*$") ? image : image + ":latest")
  .map(image, variables.mirrors.filter(mirrors, image in mirrors).map(mirrors, mirrors[image]))`;
}

/** Changes the items of one list whose image is mirrored; the other fields of an item stay as they are. */
function changeOf(list: PodList, path: readonly string[]): string {
  const type = ['Object', ...path].join('.');
  const mirror = `variables.${list}[at]`;
  const changed =
    list === 'volumes'
      ? `${type}.volumes{name: item.name, image: ${type}.volumes.image{reference: ${mirror}[0]}}`
      : `${type}.${list}{name: item.name, image: ${mirror}[0]}`;
  const items = `${itemsOf(list, path)}\n      .transformList(at, item, size(${mirror}) > 0, ${changed})`;
  // Without an item the list must not be set, not even to an empty one.
  return around(path, `${type}{\n    ?${list}: optional.ofNonZeroValue(${items})\n  }`);
}

function itemsOf(list: PodList, path: readonly string[]): string {
  return `${['object', ...path.slice(0, -1)].join('.')}.spec.?${list}.orValue([])`;
}

/** `Object{spec: Object.spec{template: …}}` */
function around(path: readonly string[], inner: string): string {
  return path.reduceRight((value, field, at) => {
    const type = ['Object', ...path.slice(0, at)].join('.');
    return `${type}{${field}: ${value}}`;
  }, inner);
}
