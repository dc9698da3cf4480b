import { describe } from 'vitest';

import type { PlaceOf } from './store-fixture.js';
import { wantedImageSuite } from './wanted-image-suite.js';

/** The same behaviour on every database. */
export function everySuite(name: string, placeOf: PlaceOf): void {
  describe(name, () => {
    wantedImageSuite(placeOf);
  });
}
