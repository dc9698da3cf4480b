import { printImageReference } from '@image-ferry/registry/reference';
import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import { manifestImages } from './manifest-images.js';
import type { MirrorIndex } from './mirror-index.js';

interface Rule {
  readonly name: string;
  readonly newName: string;
  readonly newTag?: string;
  readonly digest?: string;
}

/**
 * A kustomize component whose `images` give the containers of these manifests mirrored names:
 * `components: [mirror]` in a kustomization.
 *
 * @param text the manifests, as `kustomize build` prints them
 * @throws InvalidInput if the text is not Kubernetes YAML
 */
export function kustomizeImages(text: string, index: MirrorIndex, where: string): ConsumerOutput {
  const findings = new Findings();
  const rules = new Map<string, Rule>();
  for (const { reference, written, where: at, kind } of manifestImages(text, where)) {
    const found = index.find(reference);
    findings.note(found.note);
    if (found.kind === 'mirrored') continue;
    if (kind === 'likely') {
      if (found.kind === 'there') {
        findings.gap(
          `${at}: kustomize's images do not change ${written}, which is outside of containers: use "ferry use k8s", or a patch with ${found.text}`,
        );
      }
      continue;
    }
    if (found.kind === 'missing') {
      findings.missing({ image: printImageReference(reference), where: at, reason: found.reason });
      continue;
    }
    if (kind === 'ephemeral' || kind === 'volume') {
      findings.gap(
        `${at}: kustomize's images do not change ${kind === 'volume' ? 'image volumes' : 'ephemeral containers'}: use a patch with ${found.text}`,
      );
      continue;
    }
    const rule = ruleOf(written, found.text);
    const before = rules.get(rule.name);
    if (before !== undefined && !isSame(before, rule)) {
      findings.gap(
        `${at}: kustomize has one rule for each name, and ${rule.name} is already changed to ${before.newName}${before.digest === undefined ? '' : `@${before.digest}`}, which is not ${found.text}`,
      );
      continue;
    }
    rules.set(rule.name, rule);
  }
  const component = { apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', images: [...rules.values()] };
  return findings.output(oneFile(stringify(component, { lineWidth: 0 })));
}

/** kustomize compares the name as it is written, and keeps the tag unless a rule gives another. */
function ruleOf(written: string, mirrored: string): Rule {
  const old = partsOf(written);
  const target = partsOf(mirrored);
  const renamed = { name: old.name, newName: target.name };
  if (target.digest !== undefined) return { ...renamed, digest: target.digest };
  return target.tag === undefined || target.tag === old.tag ? renamed : { ...renamed, newTag: target.tag };
}

function partsOf(text: string): {
  readonly name: string;
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
} {
  const [rest = text, digest] = text.split('@', 2);
  const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
  return colon < 0 ? { name: rest, digest } : { name: rest.slice(0, colon), tag: rest.slice(colon + 1), digest };
}

function isSame(a: Rule, b: Rule): boolean {
  return a.newName === b.newName && a.newTag === b.newTag && a.digest === b.digest;
}
