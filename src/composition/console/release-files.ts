import { hostsOf } from '../../consumers/endpoints.js';
import { MirrorIndex } from '../../consumers/mirror-index.js';
import { releaseCompose } from '../../consumers/release-compose.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import type { Target } from '../../domain/target.js';
import type { ReleaseFiles } from '../../server/v1/release-files.js';
import type { StatusDatabase } from '../status-database.js';

/** Files of releases, made from what the database has stored of them. */
export function createReleaseFiles(reading: StatusDatabase, targets: readonly Target[]): ReleaseFiles {
  return {
    async targetsOf(upstream, release) {
      const known = await reading.read(async ({ releases }) => await releases.list(upstream));
      return known.includes(release) ? targets.map((target) => target.name) : [];
    },
    async compose(upstream, release, name) {
      const target = name === undefined && targets.length === 1 ? targets[0] : targets.find((one) => one.name === name);
      const configured = targets.map((one) => one.name).join(', ');
      if (target === undefined) {
        const reason = name === undefined ? 'several targets are configured' : `unknown target ${name}`;
        return { kind: 'unknown', reason: `${reason}: add ?target= with one of ${configured}` };
      }
      const { stored, known, images } = await reading.read(async ({ releases, mirrored }) => ({
        stored: await releases.read(upstream, release),
        known: await releases.list(upstream),
        images: await mirrored.all([target]),
      }));
      if (stored === undefined) {
        const others = known.length === 0 ? 'none is stored yet' : `stored: ${known.join(', ')}`;
        return { kind: 'unknown', reason: `${upstream} ${release} is not stored; ${others}` };
      }
      const index = new MirrorIndex(images, {
        target: target.name,
        hostOf: (host) => host,
        hosts: hostsOf(target.registry),
        pinned: false,
      });
      try {
        const { files, missing, gaps } = releaseCompose(upstream, stored, index);
        const open = [...missing.map(({ image, reason }) => `${image} is ${reason}`), ...gaps];
        if (open.length > 0) return { kind: 'incomplete', reason: `on target ${target.name}: ${open.join('; ')}` };
        return { kind: 'file', release: stored.release, text: files[0]?.text ?? '' };
      } catch (error) {
        if (error instanceof InvalidInput) return { kind: 'incomplete', reason: error.message };
        throw error;
      }
    },
  };
}
