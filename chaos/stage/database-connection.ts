import { createConnection } from 'mysql2/promise';
import type { Connection, ConnectionOptions } from 'mysql2/promise';

import { databaseName } from './environment.js';
import type { ChaosDatabase } from './services.js';

/** A connection to the ferry's database, around its line. */
export async function connectToDatabase(
  access: ChaosDatabase['access'],
  options: ConnectionOptions = {},
): Promise<Connection> {
  return await createConnection({ ...access, database: databaseName, ...options });
}
