import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { readActionsWorkflow } from '../support/actions-workflow.js';
import { projectRoot } from '../support/tools.js';

interface FormElement {
  readonly type: string;
  readonly id?: string;
  readonly attributes: { readonly label?: string; readonly value?: string; readonly options?: readonly string[] };
}

interface IssueForm {
  readonly name: string;
  readonly description: string;
  readonly body: readonly FormElement[];
}

const ci = readActionsWorkflow('ci.yml', '.github/workflows');
const jobs = Object.values(ci.jobs);
const forms = readdirSync(join(projectRoot, '.github', 'ISSUE_TEMPLATE')).filter((name) => name !== 'config.yml');

test('the CI runs .ci/run on each version of Node that the README names', () => {
  const [, versions = ''] = /\((\d+(?:, \d+)* and \d+)\s+work/.exec(textOf('README.md').replaceAll('\n', ' ')) ?? [];

  expect(jobs.map(({ strategy }) => strategy?.matrix['node'])).toEqual([versions.split(/, | and /).map(Number)]);
  expect(jobs.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))).toEqual(['.ci/run']);
});

test('the CI may only read, takes actions of GitHub by their tags, and ends after a time', () => {
  expect(ci.permissions).toEqual({ contents: 'read' });
  for (const { steps, 'timeout-minutes': limit } of jobs) {
    expect(limit).toBeLessThanOrEqual(60);
    for (const { uses = '' } of steps) expect(uses).toMatch(/^(actions\/(checkout|setup-go|cache)@v\d+)?$/);
  }
});

// https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema
test.each(forms)('the issue form %s is what GitHub takes', (name) => {
  const { name: title, description, body } = parse(textOf(join('.github', 'ISSUE_TEMPLATE', name))) as IssueForm;
  const ids = body.flatMap(({ id }) => id ?? []);

  expect([title, description]).toEqual([expect.stringMatching(/./), expect.stringMatching(/./)]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(body.filter((element) => !isElement(element))).toEqual([]);
});

function isElement({ type, id = '', attributes: { label, value, options = [] } }: FormElement): boolean {
  if (type === 'markdown') return Boolean(value);
  const isChoice = type === 'dropdown' || type === 'checkboxes';
  const isKnown = isChoice || type === 'textarea' || type === 'input';
  return isKnown && /^[\w-]+$/.test(id) && Boolean(label) && (!isChoice || new Set(options).size > 1);
}

function textOf(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8');
}
