import type { SchemaEditor } from '../schema-editor.js';
import type { ColumnShape } from '../table-shape.js';

export const TARGETS_COLUMN: Readonly<Record<string, ColumnShape>> = { targets: { type: 'long-text' } };

/** Which targets a row's image goes to. NULL, as in every row that was there before: all of them. */
export async function addWantedTargets(editor: SchemaEditor): Promise<void> {
  await editor.addColumns('images_for_push', TARGETS_COLUMN);
}
