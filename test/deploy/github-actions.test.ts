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

test('deploy/github-actions has one workflow file for each of the older four', () => {
  expect(names).toEqual(['add-image.yml', 'fetch-dify.yml', 'fetch-xinference.yml', 'sync-images.yml']);
});

describe.each(names)('%s', (name) => {
  const workflow = readActionsWorkflow(name);
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);

  test('a workflow file uses the Secrets that users have, by the same names', () => {
    for (const secret of secrets) expect(workflow.env[secret]).toBe(`\${{ secrets.${secret} }}`);
  });

  test('a workflow file puts nothing that others wrote into a script', () => {
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });

  test('a workflow file may only read, and keeps no credentials of the checkout', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const { uses = '' } of steps) expect(uses).toMatch(/^(actions\/(checkout|setup-node|cache)@v\d+)?$/);
  });

  test("a workflow file uses the ferry's code at the version that a variable names, also from a private repository", () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));

    expect(checkouts).not.toHaveLength(0);
    for (const { with: inputs } of checkouts) {
      expect(inputs).toEqual({
        repository: '${{ vars.IMAGE_FERRY_REPOSITORY || github.repository }}',
        ref: '${{ vars.IMAGE_FERRY_REF }}',
        token: '${{ secrets.IMAGE_FERRY_TOKEN || github.token }}',
        'ssh-key': '${{ secrets.IMAGE_FERRY_SSH_KEY }}',
        'persist-credentials': false,
      });
    }
  });

  test.each([
    ['', '', 0],
    ['me/mirror', '', 0],
    ['me/ferry', '', 1],
    ['me/ferry', 'main', 1],
    ['me/ferry', 'v1', 1],
    ['me/ferry', 'abc1234', 1],
    ['me/ferry', 'v0.1.0', 0],
    ['me/ferry', '1.2.0-rc.1', 0],
    ['me/ferry', '0123456789abcdef0123456789abcdef01234567', 0],
  ])('code of repository "%s" at "%s" ends its first step with %i', (code, version, expected) => {
    const firstSteps = Object.values(workflow.jobs).map((job) => job.steps[0]);

    for (const first of firstSteps) {
      const env = { MYSQL_HOST: 'db', GITHUB_REPOSITORY: 'me/mirror', CODE: code, VERSION: version };
      const { status, stderr } = spawnSync('bash', ['-e', '-c', first?.run ?? ''], { env, encoding: 'utf8' });

      expect(first?.env).toEqual({
        CODE: '${{ vars.IMAGE_FERRY_REPOSITORY }}',
        VERSION: '${{ vars.IMAGE_FERRY_REF }}',
      });
      expect(status).toBe(expected);
      expect(stderr.includes('set the variable IMAGE_FERRY_REF')).toBe(expected === 1);
    }
  });

  test('a workflow file stops where there is no database, before anything is lost', () => {
    const [{ run = '' } = {}] = steps;

    const without = spawnSync('bash', ['-e', '-c', run], { env: {}, encoding: 'utf8' });
    const withOne = spawnSync('bash', ['-e', '-c', run], { env: { MYSQL_HOST: 'db' }, encoding: 'utf8' });

    expect(without.status).not.toBe(0);
    expect(withOne.status).toBe(0);
    expect(without.stderr).toContain('set the secret MYSQL_HOST');
  });
});

test('of all jobs of the workflow files that copy one runs at a time, in one group, and none that waits is dropped', () => {
  const copying = names.flatMap((name) => {
    const { concurrency, jobs } = readActionsWorkflow(name);
    return Object.values(jobs)
      .filter(({ steps }) => steps.some(({ run = '' }) => run.includes('ferry up')))
      .map((job) => job.concurrency ?? concurrency);
  });

  expect(copying).toHaveLength(4);
  for (const concurrency of copying) {
    expect(concurrency).toEqual({ group: 'image-ferry', queue: 'max', 'cancel-in-progress': false });
  }
});

test('recording what a request names waits for no copy', () => {
  const { concurrency, jobs } = readActionsWorkflow('add-image.yml');

  expect([concurrency, jobs['record']?.concurrency]).toEqual([undefined, undefined]);
});

test('every file with a schedule names the 60 days after which GitHub switches it off, and the page what to do', () => {
  const scheduled = names.filter((name) => 'schedule' in readActionsWorkflow(name).on);
  const page = readFileSync(join(projectRoot, 'docs', 'webhooks.md'), 'utf8');

  expect(scheduled).toEqual(['fetch-dify.yml', 'fetch-xinference.yml', 'sync-images.yml']);
  for (const name of scheduled) expect(readFileSync(join(folder, name), 'utf8')).toContain('60 days');
  for (const name of scheduled) expect(page).toContain(`gh workflow enable ${name}`);
});

test('the workflow files start as the older ones did: by time, by push, by dispatch, by hand', () => {
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

test('each workflow file names its documentation, which exists', () => {
  for (const name of names) {
    const [, path = ''] = /\((docs\/[\w.-]+)/.exec(readFileSync(join(folder, name), 'utf8')) ?? [];
    expect(readFileSync(join(projectRoot, path), 'utf8')).toContain(name);
  }
});
