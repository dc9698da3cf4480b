import { afterAll, beforeAll } from 'vitest';

import { mysqlPlace } from '../support/database-places.js';
import type { DatabasePlace } from '../support/database-places.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { everySuite } from './every-suite.js';

let server: MariaDbServer | undefined;
let place: DatabasePlace | undefined;

beforeAll(async () => {
  server = await startMariaDb();
  place = mysqlPlace(server);
});

afterAll(async () => await server?.stop());

everySuite('MariaDB', () => {
  if (place === undefined) throw new Error('the server runs only while tests do');
  return place;
});
