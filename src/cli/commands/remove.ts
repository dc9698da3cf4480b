import { parseImageReference, printImageReference } from '@image-ferry/registry/reference';

import { readBaseConfig } from '../../config/base-config.js';
import type { RowActions } from '../../database/wanted/row-actions.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, printMessage } from '../output.js';
import { withStores } from '../with-stores.js';

export interface RemoveOptions {
  /** ID of a row of `images_for_push`. */
  readonly row?: string;
  readonly json?: boolean;
}

export async function removeCommand(image: string | undefined, { row, json = false }: RemoveOptions): Promise<number> {
  const { named, remove } = whatToRemove(image, row);
  const removed = await withStores(readBaseConfig(process.env), async ({ wanted, actions }) => {
    await wanted.normalizeRows();
    return await remove(actions);
  });
  if (json) printJson({ image: named, ...removed });
  if (removed.rows === 0) {
    printMessage(`${named} is not in the list of wanted images`);
    return ExitStatus.failed;
  }
  if (!json) printLine(`${named} is withdrawn; copies on the targets stay there`);
  return ExitStatus.done;
}

interface Removal {
  /** Shown to the user. */
  readonly named: string;
  remove(actions: RowActions): ReturnType<RowActions['remove']>;
}

function whatToRemove(image: string | undefined, row: string | undefined): Removal {
  if ((image === undefined) === (row === undefined)) {
    throw new InvalidInput(
      'name an image ("ferry remove nginx:1.27"), or use --row ID for a row that is not a valid image reference ("ferry list blocked" shows the ID)',
      'configuration',
    );
  }
  if (row !== undefined) {
    const id = /^-?\d{1,16}$/.test(row) ? Number(row) : Number.NaN;
    if (!Number.isSafeInteger(id)) throw new InvalidInput(`--row ${row}: expected the ID of a row`, 'configuration');
    return { named: `row ${id}`, remove: async (actions) => await actions.removeRow(id) };
  }
  const typed = image ?? '';
  try {
    const canonical = printImageReference(parseImageReference(typed));
    return { named: canonical, remove: async (actions) => await actions.remove(canonical) };
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    // The list also shows rows that are not valid image references.
    return { named: `"${typed}"`, remove: (actions) => removeNameless(actions, typed, error) };
  }
}

async function removeNameless(actions: RowActions, typed: string, fault: InvalidInput) {
  const removed = await actions.removeRow(typed);
  if (removed.rows === 0) throw fault;
  return removed;
}
