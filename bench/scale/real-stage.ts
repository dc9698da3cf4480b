import type { LineConditions } from '../../demo/line/line.js';
import { withLines } from '../lines/lines.js';
import { withRegistries } from '../registries.js';
import type { Registries } from '../registries.js';
import { counted } from './counted-registry.js';
import { withScaleStage } from './scale-stage.js';
import type { ScaleOptions, ScaleStage } from './scale-stage.js';

/** A stage with real registries: a source and two targets. */
export interface RealStage extends ScaleStage {
  readonly registries: Registries;
}

export interface RealOptions extends Pick<ScaleOptions, 'workers' | 'variables'> {
  /** Of the line to the source and of those to the targets; without it there are none. */
  readonly line?: LineConditions | undefined;
}

const targetCount = 2;

export async function withRealStage<T>(
  { line, ...options }: RealOptions,
  work: (stage: RealStage) => Promise<T>,
): Promise<T> {
  return await withRegistries({ targets: targetCount, inMemory: true }, async (registries) => {
    const { source, targets } = registries;
    const on = async (ends: { source: { host: string }; targets: readonly { host: string }[] }): Promise<T> =>
      await withScaleStage(
        {
          ...options,
          sourceHost: ends.source.host,
          targetHosts: ends.targets.map(({ host }) => host),
          source: counted(source),
          targets: targets.map(counted),
        },
        async (stage) => await work({ ...stage, registries }),
      );
    if (line === undefined) return await on({ source, targets: [...targets] });
    return await withLines(registries, { source: line, target: line }, async (lines) => await on({ ...lines }));
  });
}
