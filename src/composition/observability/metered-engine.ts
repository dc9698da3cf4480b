import type { CopyProgress, CopyRequest } from '@image-ferry/registry';

import type { Meter } from '../../observability/metrics/meter.js';
import type { CopyEngine } from '../../planning/engine-ports.js';

/** The copy engine, with its bytes and continued uploads counted by the registries' hosts. */
export function meteredEngine(engine: CopyEngine, meter: Pick<Meter, 'transferred' | 'continued'>): CopyEngine {
  return {
    ...engine,
    copy: async (request, options = {}) => {
      const count = counter(request, meter);
      const { onProgress } = options;
      return await engine.copy(request, {
        ...options,
        onProgress: (progress) => {
          count(progress);
          onProgress?.(progress);
        },
      });
    },
  };
}

function counter(
  { source, targets }: CopyRequest,
  meter: Pick<Meter, 'transferred' | 'continued'>,
): (progress: CopyProgress) => void {
  const hosts = new Map(targets.map(({ name, host }) => [name, host]));
  return (progress) => {
    if (progress.type === 'read') meter.transferred('read', source.host, progress.bytes);
    else if (progress.type === 'sent') meter.transferred('sent', hosts.get(progress.target) ?? '', progress.bytes);
    else if (progress.type === 'continued') meter.continued(hosts.get(progress.target) ?? '');
  };
}
