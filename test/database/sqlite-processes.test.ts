import { afterAll, describe } from 'vitest';

import { sqlitePlace } from '../support/database-locations.js';
import { processSuite } from './process-suite.js';

// A file of its own, so that it runs beside the other suites of SQLite.
describe('SQLite', () => {
  const place = sqlitePlace();

  afterAll(async () => await place.clear());

  processSuite(() => place);
});
