import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorName } from './mirror-index.js';
import { applyNotes, inObjects, objectName } from './object-parts.js';
import { repositoryPairs } from './registry-files.js';
import type { EngineOptions } from './registry-files.js';

/** ImageDigestMirrorSet and ImageTagMirrorSet of OpenShift: a mirror for each repository, for digests and for tags. */
export function mirrorSets(names: readonly MirrorName[], { host, target }: EngineOptions): ConsumerOutput {
  const findings = new Findings();
  const mirrors = repositoryPairs(names).map((pair) => ({
    mirrors: [`${host}/${pair.target}`],
    source: `${pair.host}/${pair.path}`,
    mirrorSourcePolicy: 'AllowContactingSource',
  }));
  const parts = inObjects(mirrors, ({ source, mirrors: [mirror = ''] }) => source.length + mirror.length + 80);
  const set = (kind: string, field: string): readonly string[] =>
    parts.map((part, position) =>
      stringify(
        {
          apiVersion: 'config.openshift.io/v1',
          kind,
          metadata: { name: objectName(`image-ferry-${target.name}`, position) },
          spec: { [field]: part },
        },
        { lineWidth: 0, aliasDuplicateObjects: false },
      ),
    );
  const texts = [...set('ImageDigestMirrorSet', 'imageDigestMirrors'), ...set('ImageTagMirrorSet', 'imageTagMirrors')];
  for (const note of applyNotes(texts, parts.length, 'mirror sets')) findings.note(note);
  findings.note('a tag or digest that is not on the mirror is pulled from its source');
  findings.note(`a login for ${host} goes into the global pull secret of the cluster`);
  return findings.output(oneFile(texts.join('---\n')));
}
