import { sql } from 'kysely';

import type { Queries } from '../dialect-differences.js';

const forRows = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'];
const forTables = ['CREATE', 'ALTER', 'INDEX', 'DROP'];

/**
 * privilegeFault returns the missing privileges of the user and the statement that grants them. Undefined if nothing is
 * missing, or if a role is active, whose privileges the server does not list.
 */
export async function privilegeFault(
  queries: Queries,
  { isMigrated }: { readonly isMigrated: boolean },
): Promise<string | undefined> {
  const { rows } = await sql<{ name: string; privilege: string | null; database: string; role: string | null }>`
    select current_user() as name, database() as \`database\`, current_role() as role, held.privilege as privilege
    from (select 1 as one) as here left join (
      select privilege_type as privilege from information_schema.user_privileges
      where grantee = ${quotedUser}
      union select privilege_type from information_schema.schema_privileges
      where grantee = ${quotedUser} and database() like table_schema
    ) as held on 1 = 1`.execute(queries);
  const [first] = rows;
  if (first === undefined || isRole(first.role)) return undefined;
  const held = new Set(rows.map(({ privilege }) => privilege));
  const needed = isMigrated ? forRows : [...forRows, ...forTables];
  const lacking = needed.filter((privilege) => !held.has(privilege));
  if (lacking.length === 0 || (isMigrated && (await holdsByTable(queries, lacking)))) return undefined;
  const [name = '', host = ''] = first.name.split(/@(?=[^@]*$)/);
  return `the user ${first.name} lacks the privileges ${lacking.join(', ')}: as an administrator, run: GRANT ${needed.join(', ')} ON \`${first.database}\`.* TO '${name}'@'${host}';`;
}

/** As `information_schema` writes it: `'ferry'@'%'`. */
const quotedUser = sql`concat('''', substring_index(current_user(), '@', 1), '''@''', substring_index(current_user(), '@', -1), '''')`;

/** Privileges on single tables: one table is enough here, since the server checks each statement. */
async function holdsByTable(queries: Queries, privileges: readonly string[]): Promise<boolean> {
  const { rows } = await sql<{ privilege: string }>`
    select distinct privilege_type as privilege from information_schema.table_privileges
    where grantee = ${quotedUser} and table_schema = database()`.execute(queries);
  const held = new Set(rows.map(({ privilege }) => privilege));
  return privileges.every((privilege) => held.has(privilege));
}

function isRole(role: string | null): boolean {
  return role !== null && role !== '' && role.toUpperCase() !== 'NONE';
}
