import { stringify } from 'yaml';

import { Findings, oneFile } from './consumer-output.js';
import type { ConsumerOutput } from './consumer-output.js';
import type { MirrorIndex, MirrorName } from './mirror-index.js';
import { applyNotes, inObjects, objectName } from './object-parts.js';
import { spellings } from './spellings.js';

/**
 * A ClusterPolicy of Kyverno that gives containers and init containers of new pods mirrored names. It compares texts and
 * asks no registry, so that it works where the source cannot be reached.
 */
export function kyvernoPolicy(
  names: readonly MirrorName[],
  index: MirrorIndex,
  { target, pinned }: { readonly target: string; readonly pinned: boolean },
): ConsumerOutput {
  const findings = new Findings();
  const mirrors = names.flatMap((name) => {
    const text = index.textOf(name, pinned || name.source.digest !== undefined);
    return spellings(name.source).map((spelling) => [spelling, text] as const);
  });
  const parts = inObjects(mirrors, ([spelling, text]) => spelling.length + text.length + 8);
  const texts = parts.map((part, position) =>
    stringify(policyOf(objectName('image-ferry', position), target, Object.fromEntries(part)), { lineWidth: 0 }),
  );
  findings.note(
    'ephemeral containers and image volumes are not changed: "ferry use mutating-policy" covers them, without Kyverno',
  );
  findings.note('images that are named with a digest are changed only if they were mirrored by that name');
  for (const note of applyNotes(texts, parts.length, 'policies')) findings.note(note);
  return findings.output(oneFile(texts.join('---\n')));
}

function policyOf(name: string, target: string, mirrors: Readonly<Record<string, string>>) {
  const change = (list: 'containers' | 'initContainers') => ({
    list: `request.object.spec.${list} || \`[]\``,
    preconditions: { all: [{ key: '{{ element.image }}', operator: 'AnyIn', value: '{{ keys(mirrors) }}' }] },
    patchStrategicMerge: {
      spec: { [list]: [{ '(name)': '{{ element.name }}', image: '{{ lookup(mirrors, element.image) }}' }] },
    },
  });
  return {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: {
      name,
      annotations: {
        'policies.kyverno.io/description': `Images that are on target ${target} get their names there.`,
        // Pods alone: changed workloads would be drift for GitOps tools.
        'pod-policies.kyverno.io/autogen-controllers': 'none',
      },
    },
    spec: {
      background: false,
      rules: [
        {
          name: 'images',
          match: { any: [{ resources: { kinds: ['Pod'], operations: ['CREATE'] } }] },
          context: [{ name: 'mirrors', variable: { value: mirrors } }],
          mutate: { foreach: [change('containers'), change('initContainers')] },
        },
      ],
    },
  };
}
