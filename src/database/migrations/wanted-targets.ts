import type { SchemaEditor } from '../schema-editor.js';

/** Which targets a row's image goes to. NULL, as in every row that was there before: all of them. */
export async function addWantedTargets(editor: SchemaEditor): Promise<void> {
  await editor.addColumns('images_for_push', { targets: { type: 'long-text' } });
}
