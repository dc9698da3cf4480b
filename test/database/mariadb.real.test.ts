import { afterAll, beforeAll, describe } from 'vitest';

import { mysqlAccess, mysqlPlace } from '../support/database-locations.js';
import type { DatabasePlace, MysqlAccess } from '../support/database-locations.js';
import { startMariaDb } from '../support/mariadb-server.js';
import { everySuite } from './every-suite.js';
import { processSuite } from './process-suite.js';

/** Another server to run the same suites against, such as a MySQL 8. */
const testUrl = process.env['MYSQL_TEST_URL'] ?? '';

type Server = MysqlAccess & { stop(): Promise<void> };

const servers: readonly (readonly [string, () => Promise<Server>])[] = [
  ['MariaDB', startMariaDb],
  ...(testUrl === '' ? [] : [['MYSQL_TEST_URL', givenServer] as const]),
];

async function givenServer(): Promise<Server> {
  return { ...mysqlAccess(testUrl), stop: () => Promise.resolve() };
}

describe.each(servers)('%s', (_name, start) => {
  let server: Server | undefined;
  let place: DatabasePlace | undefined;

  beforeAll(async () => {
    server = await start();
    place = mysqlPlace(server);
  });

  afterAll(async () => {
    await place?.clear();
    await server?.stop();
  });

  const placeOf = (): DatabasePlace => {
    if (place === undefined) throw new Error('the server runs only while tests do');
    return place;
  };
  everySuite(placeOf);
  processSuite(placeOf);
});
