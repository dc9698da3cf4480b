import { looksLikeHost } from '@image-ferry/registry/reference';
import type { ImageReference } from '@image-ferry/registry/reference';

import { referenceOf } from '../domain/image-text.js';
import { isObject } from '../domain/is-object.js';

/** What the objects around a map say for the images in it, as Istio's `global.hub` and `global.tag`. */
export interface Inherited {
  readonly hub?: string | undefined;
  readonly tag?: string | undefined;
  /** The registry of all images of a chart: `global.imageRegistry`, `global.image.registry`. */
  readonly registry?: string | undefined;
  /** The version of a chart's application: the usual default of an empty tag. */
  readonly appVersion?: string | undefined;
}

export interface Triple {
  readonly reference: ImageReference;
  /** As composed, without a version that is only a default. */
  readonly text: string;
  /** The field that its evidence points to. */
  readonly field: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads an image from fields of their own: `{registry, repository, tag, digest}` as in values of charts, `{repository,
 * image, version}` as in resources of operators, `{image, tag}`, and `{image}` below a `hub` and a `tag`.
 *
 * @param key of the map in its parent
 * @returns undefined if the fields are not an image
 */
export function readTriple(fields: Fields, key: string, inherited: Inherited): Triple | undefined {
  const named = nameIn(fields, key, inherited);
  if (named === undefined) return undefined;
  const { name, field } = named;
  const version = versionIn(fields, inherited, name);
  if (version === undefined) return undefined;
  const reference = referenceOf(`${name}${version.text}`);
  // A default that may be wrong (`2.20.0` instead of `v2.20.0`) is no version of its own.
  const text = version.isDefault ? name : `${name}${version.text}`;
  return reference === undefined ? undefined : { reference, text, field };
}

/** What is inherited below a map. */
export function inheritFrom(fields: Fields, outer: Inherited): Inherited {
  const global = mapIn(fields, 'global');
  const registry = textIn(global, 'imageRegistry') ?? textIn(mapIn(global, 'image'), 'registry') ?? outer.registry;
  const hub = textIn(fields, 'hub');
  if (hub === undefined) return { ...outer, registry };
  return { ...outer, registry, hub, tag: textIn(fields, 'tag') ?? outer.tag };
}

function mapIn(fields: Fields, name: string): Fields {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return isObject(value) ? value : {};
}

function nameIn(
  fields: Fields,
  key: string,
  { hub, registry: common }: Inherited,
): { readonly name: string; readonly field: string } | undefined {
  const registry = textIn(fields, 'registry', 'imageRegistry', 'hub');
  const repository = textIn(fields, 'repository', 'imageRepository', 'repo');
  const image = textIn(fields, 'image', 'imageName') ?? (/image$/i.test(key) ? textIn(fields, 'name') : undefined);
  if (repository !== undefined) {
    const isComplete = looksLikeHost(repository.split('/')[0] ?? '') && repository.includes('/');
    const parts = [registry ?? (isComplete ? undefined : common), repository, image].filter(
      (part) => part !== undefined,
    );
    return { name: parts.join('/'), field: 'repository' in fields ? 'repository' : 'image' };
  }
  if (image === undefined || /[:@]/.test(image.slice(image.lastIndexOf('/')))) return undefined;
  const isComplete = looksLikeHost(image.split('/')[0] ?? '') && image.includes('/');
  const prefix = registry ?? (image.includes('/') ? undefined : hub) ?? (isComplete ? undefined : common);
  // A bare word is an image only where something says where it is from.
  if (prefix === undefined && !image.includes('/') && !hasVersionField(fields)) return undefined;
  return { name: prefix === undefined ? image : `${prefix}/${image}`, field: 'image' in fields ? 'image' : 'name' };
}

const tagFields = ['tag', 'imageTag', 'version'] as const;
const digestFields = ['digest', 'imageDigest', 'sha'] as const;

function hasVersionField(fields: Fields): boolean {
  return [...tagFields, ...digestFields].some((field) => textIn(fields, field) !== undefined);
}

/** `:tag`, `@digest` or both. */
function versionIn(
  fields: Fields,
  { tag: outer, hub, appVersion }: Inherited,
  name: string,
): { readonly text: string; readonly isDefault: boolean } | undefined {
  const tag = textIn(fields, ...tagFields) ?? (hub !== undefined && name.startsWith(`${hub}/`) ? outer : undefined);
  const digest = textIn(fields, ...digestFields);
  const pinned = digest === undefined ? '' : `@${digest.startsWith('sha256:') ? digest : `sha256:${digest}`}`;
  // `version: sha256:…` is how resources of operators pin a digest.
  if (tag?.startsWith('sha256:') === true) return { text: `@${tag}`, isDefault: false };
  if (tag !== undefined) return { text: `:${tag}${pinned}`, isDefault: false };
  if (pinned !== '') return { text: pinned, isDefault: false };
  const isLeftOpen = tagFields.some((field) => field in fields);
  return isLeftOpen && appVersion !== undefined ? { text: `:${appVersion}`, isDefault: true } : undefined;
}

/** The first of the fields with a text in it. A tag such as `1.27` is a number in YAML. */
function textIn(fields: Fields, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && text !== '' && !/[\s{}$]/.test(text)) return text.replace(/\/+$/, '');
  }
  return undefined;
}
