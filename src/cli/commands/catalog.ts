import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { readTargetsConfig } from '../../config/read-config.js';
import { catalogJson, catalogMark, catalogPage } from '../../consumers/catalog.js';
import { MirroredImageQueries } from '../../database/pushed/mirrored-images.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printMessage } from '../output.js';
import { undefinedIfMissing } from '../undefined-if-missing.js';
import { chosenTarget } from '../use/mirror-target.js';
import { withReadOnlyDatabase } from '../with-read-only-database.js';
import { writeWhole } from '../write-whole.js';

export interface CatalogOptions {
  readonly target?: string;
  readonly json?: boolean;
}

/** Writes a page and a JSON file with every image on the targets into a folder. */
export async function catalogCommand(folder: string, { target: name, json = false }: CatalogOptions): Promise<number> {
  await assertFolder(folder);
  await assertOwnPage(join(folder, 'index.html'));
  const config = readTargetsConfig(process.env);
  const targets = name === undefined ? config.targets : [chosenTarget(config.targets, name)];
  const images = await withReadOnlyDatabase(
    config,
    async (database) => await new MirroredImageQueries(database).all(targets),
  );
  const catalog = { madeAt: Date.now(), images, target: name };
  const files = [join(folder, 'catalog.json'), join(folder, 'index.html')] as const;
  // The page last: who sees the new page finds the new JSON, too.
  await writeWhole(files[0], catalogJson(catalog));
  await writeWhole(files[1], catalogPage(catalog));
  if (json) printJson({ images: images.length, files });
  else printMessage(`${images.length} images: ${files.join(', ')}`);
  return ExitStatus.done;
}

/** A missing folder is made. */
async function assertFolder(path: string): Promise<void> {
  const found = await stat(path).catch(undefinedIfMissing);
  if (found?.isDirectory() === false) throw new InvalidInput(`${path} is not a folder`, 'configuration');
}

/** The folder may be that of a web server with a page of its own. */
async function assertOwnPage(path: string): Promise<void> {
  const page = await readFile(path, 'utf8').catch(undefinedIfMissing);
  if (page === undefined || page === '' || page.includes(catalogMark)) return;
  throw new InvalidInput(`${path} is another page: name a folder of the catalog's own, or delete it`, 'configuration');
}
