/** Image names in a file of any kind that "ferry use" writes or reads. */
import type { ImageReference } from '@image-ferry/registry/reference';
import { isMap, isSeq } from 'yaml';

import { chartValues } from './helm-value-images.js';
import { manifestImages, referenceAt } from './manifest-images.js';
import { invalid, textOf, valueAt, yamlDocuments } from './yaml-text.js';
import type { YamlDocument } from './yaml-text.js';

export interface FileImage {
  readonly reference: ImageReference;
  /** File, line and path. */
  readonly where: string;
}

export type FileImages =
  | {
      readonly kind: 'images';
      readonly images: readonly FileImage[];
      /** Images that the file names, too, without saying which they are. */
      readonly unread: readonly string[];
      readonly notes: readonly string[];
    }
  /** Its variables, and the files that it includes, must be read first. */
  | { readonly kind: 'compose' };

/**
 * fileImages reads Kubernetes YAML, kustomizations, values of charts, and lists with one image a line.
 *
 * @throws InvalidInput if the file is none of these, or names no image
 */
export function fileImages(text: string, where: string): FileImages {
  const first = firstMap(text, where);
  if (first === undefined) return found(listImages(text, where), where);
  const { contents } = first.document;
  const kind = textOf(valueAt(contents, 'kind', first.document));
  if (kind === 'Kustomization' || kind === 'Component') return found(kustomizationImages(first, where), where);
  if (kind !== undefined && isMap(contents) && contents.has('apiVersion')) {
    const images = manifestImages(text, where);
    return found(
      images.filter((image) => image.kind !== 'likely'),
      where,
      images.some((image) => image.kind === 'likely')
        ? ['texts outside of containers that look like images are not checked']
        : [],
    );
  }
  if (isMap(contents) && (contents.has('services') || contents.has('include'))) return { kind: 'compose' };
  const { images } = chartValues(text, where);
  const tagged = images.filter((image) => image.form === 'text' || image.hasTag);
  const open = images.length - tagged.length;
  const unread = [`${where}: ${open} images get their tag from the chart: render it with "helm template"`];
  return { ...found(tagged, where), unread: open === 0 ? [] : unread };
}

function found(images: readonly FileImage[], where: string, notes: readonly string[] = []) {
  if (images.length === 0) throw invalid(where, 'it names no image');
  const places = images.map(({ reference, where: at }) => ({ reference, where: at }));
  return { kind: 'images', images: places, unread: [], notes } as const;
}

/** Undefined if the text is a list of lines rather than a map. */
function firstMap(text: string, where: string): YamlDocument | undefined {
  const isList = text
    .split(/\r?\n/)
    .every(
      (line) =>
        line.trim() === '' ||
        (/^\s*(?:#|[^\s#"'{}[\]:,][^\s"'{}[\],]*(?:\s+#.*)?$)/.test(line) &&
          !/:(?:\s|$)/.test(line.replace(/\s#.*$/, ''))),
    );
  if (isList) return undefined;
  for (const read of yamlDocuments(text, where)) if (isMap(read.document.contents)) return read;
  throw invalid(where, 'it is neither YAML with images nor a list with one image a line');
}

function listImages(text: string, where: string): readonly FileImage[] {
  return text.split(/\r?\n/).flatMap((line, at) => {
    const written = line.replace(/(^|\s)#.*$/, '').trim();
    return written === ''
      ? []
      : [{ reference: referenceAt(written, `${where}:${at + 1}`), where: `${where}:${at + 1}` }];
  });
}

/** The new names of `images`; what the manifests name is not known here. */
function kustomizationImages({ document, lineOf }: YamlDocument, where: string): readonly FileImage[] {
  const images = valueAt(document.contents, 'images', document);
  if (!isSeq(images)) return [];
  return images.items.flatMap((item) => {
    const field = (key: string): string => textOf(valueAt(item, key, document)) ?? '';
    const name = field('newName') === '' ? field('name') : field('newName');
    const [tag, digest] = [field('newTag'), field('digest')];
    if (name === '' || !isMap(item) || (tag === '' && digest === '')) return [];
    const at = `${where}:${lineOf(item)}: images`;
    return [
      {
        reference: referenceAt(`${name}${tag === '' ? '' : `:${tag}`}${digest === '' ? '' : `@${digest}`}`, at),
        where: at,
      },
    ];
  });
}
