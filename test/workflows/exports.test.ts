import { expect, test } from 'vitest';

import { WorkflowName } from '../../src/contract/workflow-names.js';
import * as workflows from '../../src/workflows/index.js';

test('every workflow type of the contract is exported by its name, and so are FetchDify and FetchXinference', () => {
  expect(Object.keys(workflows).toSorted()).toEqual(
    [...Object.values(WorkflowName), 'FetchDify', 'FetchXinference', 'default'].toSorted(),
  );
});
