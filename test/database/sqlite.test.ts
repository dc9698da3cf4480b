import { afterAll } from 'vitest';

import { sqlitePlace } from '../support/database-places.js';
import { everySuite } from './every-suite.js';

const place = sqlitePlace();

afterAll(async () => await place.clear());

everySuite('SQLite', () => place);
