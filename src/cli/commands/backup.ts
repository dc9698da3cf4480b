import { resolve } from 'node:path';

import { readBaseConfig } from '../../config/base-config.js';
import { backUpSqlite } from '../../database/sqlite/back-up-sqlite.js';
import { printBytes } from '../../domain/byte-count.js';
import type { DatabaseSettings } from '../../domain/database-settings.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine } from '../output.js';
import { withConfigWarnings } from '../with-config-warnings.js';

export interface BackupOptions {
  readonly json?: boolean;
}

/** `ferry backup FILE`: the SQLite database as it is now, while the ferry works. */
export async function backupCommand(file: string, { json = false }: BackupOptions): Promise<number> {
  const { database } = readBaseConfig(process.env);
  if (database.kind === 'mysql') throw new InvalidInput(adviceForMysql(database, file), 'configuration');
  const backup = await withConfigWarnings(async () => await backUpSqlite(database.path, resolve(file)));
  if (json) printJson(backup);
  else printLine(`Backed up ${database.path} to ${backup.file} (${printBytes(backup.size)}).`);
  return ExitStatus.done;
}

/** The server's own tool is the right one; the password is not repeated here. */
function adviceForMysql({ host, port, user, database }: DatabaseSettings & { kind: 'mysql' }, file: string): string {
  const access = `--host=${host} --port=${port} --user=${user} --password`;
  return `the database is on a MySQL server: back it up with "mysqldump --single-transaction --hex-blob ${access} ${database} > ${file}" (mariadb-dump for MariaDB), see docs/backup.md`;
}
