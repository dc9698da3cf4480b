import type { FerryDatabase } from './ferry-database.js';
import type { SchemaEditor } from './schema-editor.js';

/** What a file of `migrations/` gets. Its `up` can be repeated from any point at which it was interrupted. */
export interface MigrationStep extends Pick<FerryDatabase, 'queries' | 'dialect'> {
  readonly editor: SchemaEditor;
}
