import type { UploadHabits } from '@image-ferry/registry';

import type { Check } from '../../checks/check.js';
import type { FerryConfig } from '../../config/read-config.js';
import { openDatabaseReadOnly } from '../../database/ferry-database.js';
import { missingSteps } from '../../database/made-migrations.js';
import { createStores } from '../../database/stores.js';
import { printBytes } from '../../domain/byte-count.js';
import { FerryError } from '../../domain/ferry-error.js';

const afterBreakTexts = {
  'keeps-bytes': 'a broken upload continues at the byte where it broke',
  'keeps-chunks': 'a broken upload continues after its last whole chunk',
  forgets: 'a broken upload starts again: this registry forgets it',
} as const;

/** Shows what the workers have learned about the uploads to each target. Nothing is wrong if that is nothing. */
export function uploadHabitsCheck(config: Pick<FerryConfig, 'database' | 'targets'>): Check {
  return {
    part: 'uploads',
    async run() {
      const registries = [...new Set(config.targets.map(({ registry }) => registry))];
      const learned = await habitsOf(registries, config).catch(noneOnFault);
      return registries.map((registry) => `${registry}: ${describeHabits(learned.get(registry))}`).join('\n');
    },
  };
}

async function habitsOf(
  registries: readonly string[],
  { database: settings }: Pick<FerryConfig, 'database'>,
): Promise<ReadonlyMap<string, UploadHabits>> {
  const database = await openDatabaseReadOnly(settings);
  try {
    if ((await missingSteps(database)).length > 0) return new Map();
    const { habits } = createStores(database);
    const learned = registries.map(async (registry) => [registry, (await habits.load(registry)) ?? {}] as const);
    return new Map(await Promise.all(learned));
  } finally {
    await database.close();
  }
}

/** The database has a check of its own. */
function noneOnFault(error: unknown): ReadonlyMap<string, UploadHabits> {
  if (error instanceof FerryError) return new Map();
  throw error;
}

function describeHabits(habits: UploadHabits = {}): string {
  const { afterBreak, takesChunks, leastChunkBytes, mostBodyBytes, bytesBetweenBreaks, lineHolds } = habits;
  const isKnown = afterBreak !== undefined;
  return [
    isKnown ? afterBreakTexts[afterBreak] : 'not known yet whether uploads continue after a broken connection',
    ...(takesChunks === false ? ['one request for each blob'] : []),
    ...(leastChunkBytes === undefined ? [] : [`chunks of at least ${printBytes(leastChunkBytes)}`]),
    ...(mostBodyBytes === undefined ? [] : [`requests of at most ${printBytes(mostBodyBytes)}`]),
    ...(lineHolds === true ? ['connections hold'] : []),
    ...(bytesBetweenBreaks === undefined ? [] : [`connections broke after ${printBytes(bytesBetweenBreaks)} lately`]),
  ].join('; ');
}
