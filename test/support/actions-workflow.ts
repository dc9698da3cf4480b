import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { parse } from 'yaml';

import { projectRoot } from './tools.js';

export interface WorkflowStep {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Concurrency {
  readonly group: string;
  readonly queue?: string;
  readonly 'cancel-in-progress'?: boolean;
}

export interface WorkflowJob {
  readonly steps: readonly WorkflowStep[];
  readonly concurrency?: Concurrency;
  readonly needs?: string;
  readonly 'timeout-minutes'?: number;
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly unknown[]>> };
}

/** The steps of a GitHub Actions workflow file. */
export interface ActionsWorkflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
  readonly concurrency?: Concurrency;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, WorkflowJob>>;
}

/** @param folder of the project; default: that of the files for users */
export function readActionsWorkflow(name: string, folder = 'deploy/github-actions'): ActionsWorkflow {
  return parse(readFileSync(join(projectRoot, folder, name), 'utf8')) as ActionsWorkflow;
}

export interface StepResult {
  readonly name: string;
  readonly status: number | null;
  readonly output: string;
}

/** The values of expressions: `secrets.MYSQL_HOST` and the like, by their whole text. Every other expression is ''. */
export type Expressions = Readonly<Record<string, string>>;

/**
 * Runs the `run` steps of all jobs one after the other, as GitHub's runner does: `bash -e`, with the machine's own
 * environment, then those of the file and of the step, until one fails. Actions (`uses`) are left out: the checkout is
 * this one.
 */
export async function runSteps(
  { env, jobs }: ActionsWorkflow,
  expressions: Expressions,
  machine: NodeJS.ProcessEnv,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const { steps } of Object.values(jobs)) {
    for (const step of steps) {
      if (step.run === undefined) continue;
      const environment = { ...machine, ...filled(env, expressions), ...filled(step.env ?? {}, expressions) };
      const result = await runShell(step.run, environment);
      results.push({ name: step.name ?? step.run, ...result });
      if (result.status !== 0) break;
    }
  }
  return results;
}

async function runShell(script: string, env: NodeJS.ProcessEnv): Promise<Omit<StepResult, 'name'>> {
  const child = spawn('bash', ['-e', '-c', script], { cwd: projectRoot, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit') as Promise<[number | null]>;
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = await exit;
  return { status, output: `${output}${errors}` };
}

function filled(values: Readonly<Record<string, string>>, expressions: Expressions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ *(.+?) *\}\}/g, (_, expression: string) => expressions[expression] ?? ''),
    ]),
  );
}
