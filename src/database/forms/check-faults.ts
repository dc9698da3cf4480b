import { sql } from 'kysely';

import { DatabaseFault } from '../database-fault.js';
import type { Queries } from '../dialect-differences.js';
import type { FormFault } from './form-fault.js';
import type { SharedTable } from './shared-tables.js';
import type { TableFacts } from './table-facts.js';

/** Rows as the ferry writes them: every status, and more than one platform. */
const samples = sql`select 'docker.io' as source_registry_url, 'library' as orig_name_space, 'nginx:1.27' as orig_image_name,
    'r.example.com' as target_registry_url, 'library' as targ_name_space, 'r.example.com/library/nginx:1.27' as registry_image_name,
    'linux/arm64' as platform, 1 as push_status, '50.00' as image_size
  union all select 'ghcr.io', '', 'app', 'r.example.com:5000', '', 'r.example.com:5000/app:latest', 'linux/amd64,linux/arm64', 2, '0.10'
  union all select 'docker.io', 'a', 'b/c:1', 'r.example.com', 'a', 'r.example.com/a/c:1', 'all', 3, '9000.00'
  union all select 'docker.io', 'library', 'redis:7', 'r.example.com', 'a', 'r.example.com/a/redis:7', 'linux/amd64', 0, '1.00'`;

/** CHECK constraints that refuse rows of the ferry. Constraints on other columns are not evaluated here. */
export async function checkFaults(
  queries: Queries,
  table: SharedTable,
  { checks, columns }: TableFacts,
): Promise<readonly FormFault[]> {
  const faults: FormFault[] = [];
  for (const { name, clause } of checks) {
    if (await takesSamples(queries, clause)) continue;
    const what = `has a CHECK constraint, ${clause}, that refuses rows of the ferry`;
    const column = columns.find((candidate) => candidate.name === name.toLowerCase());
    faults.push(
      column === undefined
        ? { table, what, statements: [`ALTER TABLE ${table} drop constraint ${name}`] }
        : {
            table,
            column: column.name,
            what,
            statements: [`ALTER TABLE ${table} modify ${column.name} ${column.type}`],
          },
    );
  }
  return faults;
}

async function takesSamples(queries: Queries, clause: string): Promise<boolean> {
  try {
    const { rows } = await sql<{ holds: number | null }>`
      select min(${sql.raw(clause)}) as holds from (${samples}) as sample`.execute(queries);
    return rows[0]?.holds !== 0;
  } catch (error) {
    if (error instanceof DatabaseFault && error.faultKind === 'statement') return true;
    throw error;
  }
}
