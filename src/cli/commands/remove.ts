import { readBaseConfig } from '../../config/read-config.js';
import type { StatusQueries } from '../../database/status-queries.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { parseImageReference, printImageReference } from '../../../packages/registry/src/oci/image-reference.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, say } from '../output.js';
import { withStores } from '../with-stores.js';

export interface RemoveOptions {
  /** Id of a row of `images_for_push`. */
  readonly row?: string;
  readonly json?: boolean;
}

export async function removeCommand(image: string | undefined, { row, json = false }: RemoveOptions): Promise<number> {
  const { named, remove } = whatToRemove(image, row);
  const removed = await withStores(readBaseConfig(process.env), async ({ wanted, console }) => {
    await wanted.normalizeRows();
    return await remove(console);
  });
  if (json) printJson({ image: named, ...removed });
  if (removed.rows === 0) {
    say(`nobody wants ${named}`);
    return ExitStatus.failed;
  }
  if (!json) printLine(`${named} is not wanted any more; what is on the targets stays there`);
  return ExitStatus.done;
}

interface Removal {
  /** What is removed, for people. */
  readonly named: string;
  remove(console: StatusQueries): ReturnType<StatusQueries['remove']>;
}

function whatToRemove(image: string | undefined, row: string | undefined): Removal {
  if ((image === undefined) === (row === undefined)) {
    throw new InvalidInput(
      'name what to remove: an image ("ferry remove nginx:1.27"), or --row ID for a row that names none ("ferry list blocked" shows the id)',
      'configuration',
    );
  }
  if (row !== undefined) {
    const id = /^-?\d{1,16}$/.test(row) ? Number(row) : Number.NaN;
    if (!Number.isSafeInteger(id)) throw new InvalidInput(`--row ${row}: expected the id of a row`, 'configuration');
    return { named: `row ${id}`, remove: async (console) => await console.removeRow(id) };
  }
  const typed = image ?? '';
  try {
    const canonical = printImageReference(parseImageReference(typed));
    return { named: canonical, remove: async (console) => await console.remove(canonical) };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    // A row may name no image, and stand in the list all the same.
    return { named: `"${typed}"`, remove: (console) => removeNameless(console, typed, error) };
  }
}

async function removeNameless(console: StatusQueries, typed: string, fault: InvalidInput) {
  const removed = await console.removeRow(typed);
  if (removed.rows === 0) throw fault;
  return removed;
}
