import { builtInUpstreams } from '../../src/domain/built-in-upstreams.js';
import type { Upstream } from '../../src/domain/upstream.js';

export const difyUpstream = builtIn('dify', 'compose');
export const xinferenceUpstream = builtIn('xinference', 'release');

function builtIn<Kind extends Upstream['kind']>(name: string, kind: Kind): Extract<Upstream, { kind: Kind }> {
  const found = builtInUpstreams.find(
    (upstream): upstream is Extract<Upstream, { kind: Kind }> => upstream.name === name && upstream.kind === kind,
  );
  if (found === undefined) throw new Error(`there is no built-in upstream ${name}`);
  return found;
}
