import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { FerryMetrics } from '../../src/observability/metrics/ferry-metrics.js';
import { projectRoot, requireTool } from '../support/tools.js';

const folder = join(projectRoot, 'deploy', 'monitoring');

function promtool(args: readonly string[], input = ''): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(requireTool('promtool'), args, { cwd: folder, input, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

describe('the rules of deploy/monitoring', () => {
  test('are valid for promtool, with the example of a configuration', () => {
    expect(promtool(['check', 'rules', 'rules.yml'])).toMatchObject({ status: 0 });
    expect(promtool(['check', 'config', 'prometheus.yml'])).toMatchObject({ status: 0 });
  });

  test('fire and resolve each alert, as promtool tests them', () => {
    const result = promtool(['test', 'rules', 'rules.test.yml']);

    expect(result).toMatchObject({ status: 0, output: expect.stringContaining('SUCCESS') as string });
  });

  test('have a test of each alert that fires, and one in which it is over', () => {
    const rules = parse(readFileSync(join(folder, 'rules.yml'), 'utf8')) as Rules;
    const tests = parse(readFileSync(join(folder, 'rules.test.yml'), 'utf8')) as RuleTests;
    const alerts = rules.groups.flatMap(({ rules: some }) => some.flatMap(({ alert }) => alert ?? []));
    const checks = tests.tests.flatMap(({ alert_rule_test: some }) => some);

    const untested = alerts.filter((alert) => {
      const own = checks.filter(({ alertname }) => alertname === alert);
      const fires = own.findIndex(({ exp_alerts: expected }) => expected.length > 0);
      return fires === -1 || !own.slice(fires + 1).some(({ exp_alerts: expected }) => expected.length === 0);
    });

    expect(alerts.length).toBeGreaterThan(10);
    expect(untested).toEqual([]);
  });

  test("name only metrics that the ferry has, and Prometheus' own", async () => {
    const { text } = await new FerryMetrics({ version: '1' }).page({
      standing: undefined,
      isTemporalUp: true,
      queues: [],
    });
    const known = new Set([...text.matchAll(/^# TYPE (\S+) (\w+)/gm)].flatMap(([, name = '']) => variantsOf(name)));

    const named = new Set(
      readFileSync(join(folder, 'rules.yml'), 'utf8').match(/\b(?<!:)(?:ferry|process)_\w+\b(?!:)/g),
    );

    expect([...named].filter((name) => !known.has(name) && !name.startsWith('process_'))).toEqual([]);
  });
});

function variantsOf(name: string): readonly string[] {
  return [name, `${name}_count`, `${name}_sum`, `${name}_bucket`];
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string }[] }[];
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
  }[];
}
