import { hasVersion, isFullReference, namesImage, referenceOf } from '../domain/image-text.js';
import { isObject } from '../domain/is-object.js';
import type { Discovery } from './discovery.js';
import { deepest, evidenceOf, findLikely, imagesInText, printPlace, reportTooDeep } from './likely-images.js';
import type { Place } from './likely-images.js';
import { readYamlDocuments } from './yaml-documents.js';
import type { Path } from './yaml-documents.js';

const containerLists: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers']);
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
/** Istio's gateways have this instead of an image. */
const injectedByIstio = 'auto';
/** API groups of Kubernetes itself, whose objects name images in containers and volumes alone. */
const ownGroup = /^(?:v1|(?:apps|batch|autoscaling|policy|extensions)\/v\w+|[\w.-]+\.k8s\.io\/v\w+)$/;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly [field: string]: unknown;
}

export function isKubernetesObject(value: unknown): value is KubernetesObject {
  return isObject(value) && typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string';
}

/**
 * Finds the images of one Kubernetes object: of its containers (also init and ephemeral ones, of any kind that has them),
 * its image volumes, and `image` of custom resources. Lists are read item by item. What only looks like an image is
 * likely: environment variables, arguments, annotations, texts of ConfigMaps, fields of custom resources. Values of
 * Secrets are never read, nor is the status, which repeats the images.
 */
export function findKubernetesImages(
  discovery: Discovery,
  object: KubernetesObject,
  { source, lineOf }: Pick<Place, 'source' | 'lineOf'>,
): void {
  const { items } = object;
  if (Array.isArray(items) && object.kind.endsWith('List')) {
    for (const [index, item] of items.entries()) {
      // `kubectl get --raw` leaves out kind and version of the items.
      const typed: unknown = isObject(item)
        ? { apiVersion: object.apiVersion, kind: object.kind.slice(0, -'List'.length) || 'Object', ...item }
        : item;
      const at = { source, lineOf: (path: Path) => lineOf(['items', index, ...path]) };
      if (isKubernetesObject(typed)) findKubernetesImages(discovery, typed, at);
      else findLikely(discovery, typed, { ...at, prefix: `${nameOf(object)} items[${index}]` });
    }
    return;
  }
  const place: Place = { source, lineOf, prefix: nameOf(object) };
  const isOwn = ownGroup.test(object.apiVersion);
  const read = new Set<string>();
  walk(object, []);
  if (object.kind === 'ConfigMap') readFiles(discovery, object, place);
  if (object.kind === 'Secret') return;
  findLikely(discovery, object, place, {
    isLeftOut: (path) =>
      isNeverRead(path) || read.has(path.join('\n')) || (object.kind === 'ConfigMap' && path[0] === 'data'),
  });

  function walk(value: unknown, path: Path): void {
    if (isNeverRead(path)) return;
    if (path.length > deepest) {
      reportTooDeep(discovery, place);
      return;
    }
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, [...path, index]);
      return;
    }
    if (!isObject(value)) return;
    const { image } = value;
    const list = path.at(-2);
    const isItem = typeof path.at(-1) === 'number';
    if (isItem && typeof list === 'string' && containerLists.has(list) && image !== undefined && image !== null) {
      if (typeof image === 'string') certain(image, [...path, 'image'], 'container');
      else if (isOwn) unknown([...path, 'image'], 'it is not a text');
    } else if (isItem && list === 'volumes' && isObject(image) && typeof image['reference'] === 'string') {
      certain(image['reference'], [...path, 'image', 'reference'], 'image-volume');
    } else if (typeof image === 'string' && !isOwn && (hasVersion(image) || isFullReference(image))) {
      certain(image, [...path, 'image'], 'custom-resource');
    }
    for (const [key, entry] of Object.entries(value)) walk(entry, [...path, key]);
  }

  function certain(text: string, path: Path, rule: 'container' | 'image-volume' | 'custom-resource'): void {
    read.add(path.join('\n'));
    const evidence = evidenceOf(place, path, rule, text);
    if (text === injectedByIstio) {
      discovery.skip(`${source}:${evidence.line ?? 1} ${evidence.path}`, 'Istio replaces it by the image of its proxy');
      return;
    }
    const reference = referenceOf(text.trim());
    if (reference !== undefined) {
      discovery.find(reference, 'certain', evidence);
      return;
    }
    unknown(path, text.trim() === '' ? 'it is empty' : `"${text.slice(0, 200)}" is not an image reference`);
  }

  function unknown(path: Path, reason: string): void {
    discovery.unknownImage(printPlace(place, path), reason);
  }
}

/** Files in a ConfigMap: objects such as a template of a Pod, and texts. */
function readFiles(discovery: Discovery, { data }: KubernetesObject, place: Place): void {
  if (!isObject(data)) return;
  for (const [key, text] of Object.entries(data)) {
    if (typeof text !== 'string') continue;
    const path = ['data', key];
    const first = place.lineOf(path);
    const inner: Place = {
      source: place.source,
      prefix: `${place.prefix} data.${key}`,
      lineOf: () => first,
    };
    if (/^\s*\{/.test(text) || (/^apiVersion:/m.test(text) && /^kind:/m.test(text))) readNested(discovery, text, inner);
    const reference = (namesImage(key) && hasVersion(text)) || isFullReference(text) ? referenceOf(text) : undefined;
    if (reference !== undefined) discovery.find(reference, 'likely', evidenceOf(place, path, 'text', text));
    for (const { found, line } of reference === undefined
      ? imagesInText(discovery, text, printPlace(place, path))
      : []) {
      const named = referenceOf(found);
      if (named === undefined) continue;
      const evidence = evidenceOf(place, path, 'nested', found);
      discovery.find(named, 'likely', { ...evidence, line: first === undefined ? undefined : first + line });
    }
  }
}

function readNested(discovery: Discovery, text: string, place: Place): void {
  for (const document of readYamlDocuments(text)) {
    if (document.kind === 'value') findLikely(discovery, document.value, place);
  }
}

/** The status repeats images; the last applied configuration repeats the object. */
function isNeverRead(path: Path): boolean {
  const [first, second] = path;
  if (path.length === 1) return first === 'status';
  return first === 'metadata' && (second === 'managedFields' || path[2] === lastApplied);
}

/** `Deployment kube-system/coredns` */
export function nameOf({ kind, metadata }: KubernetesObject): string {
  const { name, namespace, generateName } = isObject(metadata) ? metadata : {};
  const shown = [name, generateName].find((one) => typeof one === 'string') ?? '';
  return `${kind} ${typeof namespace === 'string' ? `${namespace}/` : ''}${shown}`.trim().slice(0, 300);
}
