import { expect, test } from 'vitest';

import { limitedLabels } from '../../../src/observability/metrics/limited-labels.js';

test('a label has no more values than its limit; all later ones are counted together', () => {
  const host = limitedLabels(2);

  const seen = ['docker.io', 'quay.io', 'ghcr.io', 'docker.io', 'example.com'].map(host);

  expect(seen).toEqual(['docker.io', 'quay.io', 'other', 'docker.io', 'other']);
});
