import type { SchemaEditor } from '../schema-editor.js';
import type { ColumnShape } from '../table-shape.js';

const KEPT: Readonly<Record<string, ColumnShape>> = {
  replaced: { type: 'text(150)' },
  backup: { type: 'text(800)' },
};

/** What a tag on a target led to before, and under which name that was kept. */
export async function addTagHistory(editor: SchemaEditor): Promise<void> {
  await editor.addColumns('image_copies', { backup: { type: 'text(800)' } });
  await editor.addColumns('run_outcomes', KEPT);
}
