import { expect, test } from 'vitest';

import { eventOfWorkflowFile } from '../../src/server/workflow-files.js';

const upstreams = ['dify', 'xinference', 'dify-plugins', 'images', 'webhook'];

test.each([
  ['fetch-dify.yml', 'fetch-dify'],
  ['update_dify.yaml', 'fetch-dify'],
  ['sync-dify.yml', 'fetch-dify'],
  ['Fetch_Xinference.yml', 'fetch-xinference'],
  ['fetch-dify-plugins.yml', 'fetch-dify-plugins'],
  ['check_dify_plugins.yml', 'fetch-dify-plugins'],
  ['fetch-images.yml', 'fetch-images'],
  ['fetch-upstream.yml', 'fetch-upstream'],
  ['fetch-webhook.yml', 'fetch-webhook'],
  ['sync-images.yml', 'sync-images'],
  ['push_image.yml', 'sync-images'],
  ['daily-sync.yml', 'sync-images'],
  ['webhook.yml', 'add-image'],
  ['add-image.yml', 'add-image'],
  ['my-add_images.yaml', 'fetch-images'],
  ['release.yml', undefined],
  ['fetch-dify.json', undefined],
  ['../fetch-dify.yml', undefined],
])('the workflow file %s means the event type %s', (file, type) => {
  expect(eventOfWorkflowFile(file, upstreams)).toBe(type);
});
