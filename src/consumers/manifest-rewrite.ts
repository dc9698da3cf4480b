import { printImageReference } from '@image-ferry/registry/reference';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import { manifestImages } from './manifest-images.js';
import type { MirrorIndex } from './mirror-index.js';
import { applyEdits, scalarEdit } from './yaml-text.js';
import type { TextEdit } from './yaml-text.js';

/**
 * Kubernetes YAML with mirrored names; all other characters of the text stay as they are. Environment variables,
 * arguments and fields of custom resources that are exactly an image on the target are replaced, too.
 *
 * @throws InvalidInput if the text is not Kubernetes YAML
 */
export function manifestRewrite(text: string, index: MirrorIndex, where: string): ConsumerOutput {
  const findings = new Findings();
  const edits: TextEdit[] = [];
  for (const { reference, node, before, where: at, kind, written } of manifestImages(text, where)) {
    const found = index.find(reference);
    findings.note(found.note);
    if (found.kind === 'there') {
      if (kind === 'likely') findings.note(`${at}: ${written} is replaced, since it is an image on the target`);
      edits.push(scalarEdit(text, node, `${before}${found.text}`));
    } else if (found.kind === 'missing' && kind === 'likely') {
      findings.note(`${at}: ${written} may be an image, and is not replaced: it is ${found.reason}`);
    } else if (found.kind === 'missing') {
      findings.missing({ image: printImageReference(reference), where: at, reason: found.reason });
    }
  }
  return findings.output(oneFile(applyEdits(text, edits)));
}
