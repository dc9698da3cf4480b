import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorIndex, MirrorName } from './mirror-index.js';
import { spellings } from './spellings.js';

export interface PolicyOptions {
  /** Name of the target. */
  readonly target: string;
  readonly pinned: boolean;
  /** Only change pods, and leave workloads as they were applied. */
  readonly podsOnly: boolean;
}

/** CEL refuses an expression of more than 100,000 characters. */
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
 * workloads mirrored names without a webhook. Only images that are on the target are changed.
 */
export function mutatingPolicies(
  names: readonly MirrorName[],
  index: MirrorIndex,
  { target, pinned, podsOnly }: PolicyOptions,
): ConsumerOutput {
  const findings = new Findings();
  const maps = mirrorMaps(names, (name) => index.textOf(name, pinned || name.source.digest !== undefined));
  if (!podsOnly) {
    findings.note('GitOps tools report changed workloads as drift: with --pods-only the policies change pods alone');
  }
  findings.note('images that are named with a digest are changed only if they were mirrored by that name');
  const documents = resources
    .filter(({ name }) => !podsOnly || name === 'pods' || name === 'ephemeral-containers')
    .flatMap((resource) => [policyOf(resource, target, maps), bindingOf(resource, target)]);
  return findings.output(oneFile(documents.map((document) => stringify(document, { lineWidth: 0 })).join('---\n')));
}

/** Maps of CEL from every spelling to the mirrored name, each as long as an expression may be. */
function mirrorMaps(names: readonly MirrorName[], textOf: (name: MirrorName) => string): readonly string[] {
  const maps: string[] = [];
  let entries: string[] = [];
  let length = 0;
  for (const name of names) {
    for (const spelling of spellings(name.source)) {
      const entry = `${JSON.stringify(spelling)}: ${JSON.stringify(textOf(name))}`;
      if (length + entry.length > longestExpression) {
        maps.push(mapOf(entries));
        [entries, length] = [[], 0];
      }
      entries.push(entry);
      length += entry.length + 2;
    }
  }
  if (entries.length > 0 || maps.length === 0) maps.push(mapOf(entries));
  return maps;
}

function mapOf(entries: readonly string[]): string {
  // The type of an empty map would not be known.
  return entries.length === 0 ? '{"": ""}' : `{\n  ${entries.join(',\n  ')}\n}`;
}

function policyOf({ name, rules, path, lists }: Resource, target: string, maps: readonly string[]) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicy',
    metadata: { name: policyName(name, target) },
    spec: {
      // A pod with the source's name is better than none.
      failurePolicy: 'Ignore',
      reinvocationPolicy: 'IfNeeded',
      matchConstraints: {
        resourceRules: rules.map((rule) => ({ ...rule, apiVersions: ['v1'] })),
      },
      variables: maps.map((expression, at) => ({ name: `mirrors${at}`, expression })),
      mutations: lists.map((list) => ({
        patchType: 'ApplyConfiguration',
        applyConfiguration: { expression: changeOf(list, path, maps.length) },
      })),
    },
  };
}

function bindingOf({ name }: Resource, target: string) {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: policyName(name, target) },
    spec: { policyName: policyName(name, target) },
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

/** Changes the items of one list whose image is mirrored; the other fields of an item stay as they are. */
function changeOf(list: PodList, path: readonly string[], maps: number): string {
  const from = ['object', ...path.slice(0, -1)].join('.');
  const type = ['Object', ...path].join('.');
  const image = list === 'volumes' ? 'item.image.reference' : 'item.image';
  const present = list === 'volumes' ? 'has(item.image) && has(item.image.reference)' : 'has(item.image)';
  const known = Array.from({ length: maps }, (_, at) => `${image} in variables.mirrors${at}`).join(' || ');
  const mirrored = Array.from({ length: maps }, (_, at) => at).reduceRight(
    (other, at) =>
      at === maps - 1
        ? `variables.mirrors${at}[${image}]`
        : `${image} in variables.mirrors${at} ? variables.mirrors${at}[${image}] : ${other}`,
    '',
  );
  const changed =
    list === 'volumes'
      ? `${type}.volumes{name: item.name, image: ${type}.volumes.image{reference: ${mirrored}}}`
      : `${type}.${list}{name: item.name, image: ${mirrored}}`;
  const items = `${from}.spec.?${list}.orValue([])\n      .filter(item, ${present} && (${known}))\n      .map(item, ${changed})`;
  // Without an item the list must not be set, not even to an empty one.
  return around(path, `${type}{\n    ?${list}: optional.ofNonZeroValue(${items})\n  }`);
}

/** `Object{spec: Object.spec{template: …}}` */
function around(path: readonly string[], inner: string): string {
  return path.reduceRight((value, field, at) => {
    const type = ['Object', ...path.slice(0, at)].join('.');
    return `${type}{${field}: ${value}}`;
  }, inner);
}
