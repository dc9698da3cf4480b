import { sourceNames, targetNames, workerNames } from '../plan/parts.js';
import type { Timeline } from '../timeline.js';
import { untilFerryAnswers, untilServicesAnswer } from './probes.js';
import type { ChaosStage } from './stage.js';

/** Starts every part, fills the sources, and returns when the ferry's server is ready and its tables are there. */
export async function startStage(
  stage: ChaosStage,
  { timeline, fill }: { readonly timeline: Timeline; readonly fill: () => Promise<void> },
): Promise<void> {
  for (const name of [...sourceNames, ...targetNames, 'database', 'temporal'] as const) stage.parts[name].start();
  await untilServicesAnswer(stage);
  timeline.say('registries, database and Temporal run');
  for (const name of [...workerNames, 'server'] as const) stage.parts[name].start();
  await fill();
  await untilFerryAnswers(stage);
}
