import { moveRows } from './id-faults.js';
import type { TableFacts } from './table-facts.js';

const own: ReadonlySet<string> = new Set(['idx_image_key', 'idx_name_key']);

/** Columns that distinguish rows of the ferry: a unique index with all of them refuses nothing. */
const distinguishingColumns: Readonly<Record<string, readonly string[]>> = {
  images_for_push: ['source_registry_url', 'orig_name_space', 'orig_image_name', 'platform'],
  pushed_images: ['registry_image_name'],
};

/** Unique indexes of other programs that refuse some rows of the ferry: one sentence each. */
export function narrowIndexNotes(table: TableFacts, kind: 'mysql' | 'sqlite'): readonly string[] {
  return narrowIndexes(table).map(({ name, columns }) => {
    const refused =
      table.name === 'images_for_push'
        ? 'an image that is wanted for a second platform'
        : 'a second name on a target with the same values';
    return `the unique index ${name} (${columns.join(', ')}) of ${table.name} refuses ${refused}; ${removal(table.name, name, kind)}`;
  });
}

function removal(table: string, index: string, kind: 'mysql' | 'sqlite'): string {
  if (kind === 'mysql') {
    const what = index === 'PRIMARY' ? 'primary key' : `index ${index}`;
    return `"ALTER TABLE ${table} drop ${what};" removes it`;
  }
  // It belongs to the table's own definition.
  if (index.startsWith('sqlite_autoindex_')) return `to be rid of it, ${moveRows(table)}`;
  return `"DROP INDEX ${index};" removes it`;
}

function narrowIndexes({ name: table, indexes, columns }: TableFacts) {
  const isNumber = (column: string) => columns.some(({ name, isNumbered }) => name === column && isNumbered);
  return indexes.filter(
    ({ name, columns: parts, isUnique }) =>
      isUnique &&
      !own.has(name) &&
      !parts.some((part) => part === 'id' || isNumber(part)) &&
      !(distinguishingColumns[table] ?? []).every((column) => parts.includes(column)),
  );
}
