import { afterAll, describe } from 'vitest';

import { sqlitePlace } from '../support/database-locations.js';
import { everySuite } from './every-suite.js';

describe('SQLite', () => {
  const place = sqlitePlace();

  afterAll(async () => await place.clear());

  everySuite(() => place);
});
