import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { readActionsWorkflow } from '../support/actions-workflow.js';
import { projectRoot } from '../support/tools.js';

const folder = join(projectRoot, 'deploy', 'github-actions');
const names = readdirSync(folder).sort();

/** The Secrets that users have already. */
const secrets = [
  'MYSQL_HOST',
  'MYSQL_PORT',
  'MYSQL_DB',
  'MYSQL_USER',
  'MYSQL_PASSWORD',
  'ALIYUN_REGISTRY',
  'ALIYUN_NAME_SPACE',
  'ALIYUN_REGISTRY_USER',
  'ALIYUN_REGISTRY_PASSWORD',
  'MY_REGISTRY',
  'MY_REGISTRY_USER',
  'MY_REGISTRY_PASSWORD',
];

test('there is one file for each of the older four', () => {
  expect(names).toEqual(['add-image.yml', 'fetch-dify.yml', 'fetch-xinference.yml', 'sync-images.yml']);
});

describe.each(names)('%s', (name) => {
  const workflow = readActionsWorkflow(name);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test('takes the Secrets that users have, by the same names', () => {
    for (const secret of secrets) expect(workflow.env[secret]).toBe(`\${{ secrets.${secret} }}`);
  });

  test('puts nothing that others wrote into a script', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  test('may only read, and keeps no credentials of the checkout', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { uses = '' } of steps) expect(uses).toMatch(/^(actions\/(checkout|setup-node|cache)@v\d+)?$/);
  });

  test('stops where there is no database, before anything is lost', () => {
    const [{ run = '' } = {}] = steps;

    const without = spawnSync('bash', ['-e', '-c', run], { env: {}, encoding: 'utf8' });
    const withOne = spawnSync('bash', ['-e', '-c', run], { env: { MYSQL_HOST: 'db' }, encoding: 'utf8' });

    expect(without.status).not.toBe(0);
    expect(withOne.status).toBe(0);
    expect(without.stderr).toContain('set the secret MYSQL_HOST');
  });
});

test('they begin as the older ones did: by time, by push, by dispatch, by hand', () => {
  const triggers = Object.fromEntries(names.map((name) => [name, readActionsWorkflow(name).on]));

  expect(triggers).toMatchObject({
    'sync-images.yml': {
      schedule: [{ cron: '23 */3 * * *' }],
      push: { branches: ['main'] },
      repository_dispatch: { types: ['sync-images'] },
      workflow_dispatch: null,
    },
    'fetch-dify.yml': { repository_dispatch: { types: ['fetch-dify'] }, workflow_dispatch: null },
    'fetch-xinference.yml': { repository_dispatch: { types: ['fetch-xinference'] }, workflow_dispatch: null },
    'add-image.yml': { repository_dispatch: { types: ['add-image'] } },
  });
});

test('each tells where its documentation is, and that exists', () => {
  for (const name of names) {
    const [, path = ''] = /\((docs\/[\w.-]+)/.exec(readFileSync(join(folder, name), 'utf8')) ?? [];
    expect(readFileSync(join(projectRoot, path), 'utf8')).toContain(name);
  }
});
