import { printImageReference, sourceRepository } from '@image-ferry/registry/reference';
import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import { chartValues } from './helm-value-images.js';
import type { ValueImage, ValuePath } from './helm-value-images.js';
import type { MirrorIndex, MirrorName } from './mirror-index.js';

type Values = Record<string, unknown>;

/**
 * A values file with mirrored names, for `helm install -f values.yaml -f MIRROR`. Helm merges maps, and replaces lists as
 * a whole: a list with an image in it is written as a whole, too.
 *
 * @param text the chart's values, as `helm show values` prints them, or those of a user
 * @throws InvalidInput if the text is not YAML
 */
export function helmValues(text: string, index: MirrorIndex, where: string): ConsumerOutput {
  const findings = new Findings();
  const { images, values, globalRegistry } = chartValues(text, where);
  const changes: { readonly path: ValuePath; readonly fields: Values | string }[] = [];
  for (const image of images) {
    const fields = fieldsFor(image, index, findings);
    if (fields !== undefined) changes.push({ path: image.path, fields });
  }
  if (globalRegistry !== undefined) {
    findings.gap(
      `global registry ${globalRegistry} is set: many charts put it before every image, so remove it from the values`,
    );
  }
  findings.note(
    'images that the chart does not name in its values are not changed: "helm template" with "ferry use --check -" shows them',
  );

  const result: Values = {};
  for (const { path, fields } of changes) put(result, values, path, fields);
  return findings.output(oneFile(stringify(result, { lineWidth: 0, aliasDuplicateObjects: false })));
}

function fieldsFor(image: ValueImage, index: MirrorIndex, findings: Findings): Values | string | undefined {
  const { reference, where, form } = image;
  if (form === 'parts' && !image.hasTag) return withoutTag(image, index, findings);
  const found = index.find(reference);
  findings.note(found.note);
  if (found.kind === 'mirrored') return undefined;
  if (found.kind === 'missing') {
    findings.missing({ image: printImageReference(reference), where, reason: found.reason });
    return undefined;
  }
  if (form === 'text') return found.text;
  const digest = found.text.split('@', 2)[1];
  if (digest !== undefined && !image.hasDigest) {
    findings.note(`${where}: the chart has no "digest" here, so the digest is part of the tag`);
  }
  const pinned = digest !== undefined && !image.hasDigest ? `${found.name.tag}@${digest}` : found.name.tag;
  return { ...nameFields(found.name, image), tag: pinned, ...(image.hasDigest ? { digest: digest ?? '' } : {}) };
}

/** The chart adds its own tag, which is not in the values. */
function withoutTag(
  { reference, where, hasRegistry }: Extract<ValueImage, { form: 'parts' }>,
  index: MirrorIndex,
  findings: Findings,
): Values | undefined {
  const repository = sourceRepository(reference);
  const names = index.ofRepository(repository);
  const [name] = names;
  if (index.find({ ...reference, tag: 'latest' }).kind === 'mirrored') return undefined;
  if (name === undefined) {
    findings.missing({
      image: `${repository}:TAG`,
      where,
      reason: 'no tag of it is on the target; the chart chooses the tag',
    });
    return undefined;
  }
  if (new Set(names.map((one) => one.repository)).size > 1) {
    findings.gap(`${where}: ${repository} has several names on the target, and the tag is not in the values: set it`);
    return undefined;
  }
  const tags = names.map(({ source }) => source.tag ?? '').filter((tag) => tag !== '');
  findings.note(`${where}: the chart chooses the tag of ${repository}; on the target are ${tags.join(', ')}`);
  return nameFields(name, { hasRegistry });
}

function nameFields({ host, repository }: MirrorName, { hasRegistry }: { readonly hasRegistry: boolean }): Values {
  return hasRegistry ? { registry: host, repository } : { repository: `${host}/${repository}` };
}

/** Puts fields at a path; a list on the way is copied from the original as a whole. */
function put(result: Values, original: unknown, path: ValuePath, fields: Values | string): void {
  let into: unknown = result;
  let from: unknown = original;
  for (const [position, key] of path.entries()) {
    const isLast = position === path.length - 1;
    const fromHere: unknown = (from as Values | undefined)?.[key];
    const existing: unknown = (into as Values)[key];
    const next =
      isLast && typeof fields === 'string'
        ? fields
        : (existing ?? (Array.isArray(fromHere) ? structuredClone(fromHere) : {}));
    (into as Values)[key] = next;
    into = next;
    from = fromHere;
  }
  if (typeof fields !== 'string') Object.assign(into as Values, fields);
}
