import { withScaleStage } from './scale-stage.js';
import type { ScaleOptions, ScaleStage } from './scale-stage.js';
import { startStandIn } from './stand-in.js';
import type { StandIn } from './stand-in.js';

/** A stage whose source and two targets have every image that a request names. */
export async function withStandIns<T>(
  options: Pick<ScaleOptions, 'variables'>,
  work: (stage: ScaleStage) => Promise<T>,
): Promise<T> {
  const started: StandIn[] = [];
  const start = async (): Promise<StandIn> => {
    const standIn = await startStandIn();
    started.push(standIn);
    return standIn;
  };
  try {
    const source = await start();
    const targets = [await start(), await start()];
    const targetHosts = targets.map(({ host }) => host);
    return await withScaleStage({ ...options, sourceHost: source.host, targetHosts, source, targets }, work);
  } finally {
    await Promise.all(started.map((standIn) => standIn.close()));
  }
}
