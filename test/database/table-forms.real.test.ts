import { afterAll, beforeAll } from 'vitest';

import { mysqlPlace } from '../support/database-locations.js';
import type { DatabasePlace } from '../support/database-locations.js';
import { startMariaDb } from '../support/mariadb-server.js';
import type { MariaDbServer } from '../support/mariadb-server.js';
import { mysqlTableForms } from './mysql-table-forms.js';
import { tableFormsSuite } from './table-forms-suite.js';

let server: MariaDbServer;
let place: DatabasePlace;

beforeAll(async () => {
  server = await startMariaDb();
  place = mysqlPlace(server);
});

afterAll(async () => {
  await place.clear();
  await server.stop();
});

tableFormsSuite(() => place, mysqlTableForms);
