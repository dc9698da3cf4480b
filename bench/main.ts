/**
 * `npm run bench`: the ferry against every peer on PATH (skopeo, crane, regctl, regsync; FERRY_CRANE, FERRY_REGCTL and
 * FERRY_REGSYNC name them elsewhere), scenario by scenario, on registries of its own. Only ratios within a run mean
 * anything: times differ from machine to machine. A whole run at full size (about 20 minutes on two cores) writes its
 * tables and a chart to docs/benchmarks.
 *
 * `--only NAME,...` some scenarios; `--rounds N` (default 5); `--scale N` of every image and list (default 1);
 * `--out FOLDER` where the results go, also those of some scenarios.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { projectRoot } from '../demo/tools.js';
import { drawChart } from './chart.js';
import { describeMachine } from './machine.js';
import { sayBegun } from './progress.js';
import { reportOf } from './report.js';
import type { Outcome, Scenario } from './scenario.js';
import { durable } from './scenarios/durable.js';
import { httpClients } from './scenarios/http-clients.js';
import { largeLayer } from './scenarios/large-layer.js';
import { manySmall } from './scenarios/many-small.js';
import { settledList } from './scenarios/settled-list.js';
import { slowSourceFourTargets, slowSourceTwoTargets } from './scenarios/slow-source.js';
import { slowTarget } from './scenarios/slow-target.js';
import { overPlainHttp, overTls } from './scenarios/two-targets.js';

const scenarios: readonly Scenario[] = [
  overTls,
  overPlainHttp,
  slowSourceTwoTargets,
  slowSourceFourTargets,
  slowTarget,
  largeLayer,
  settledList,
  manySmall,
  durable,
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    attempts: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
});
const chosen = choose(values.only);
const settings = { attempts: positive('--rounds', values.attempts), scale: positive('--scale', values.scale) };
const isWhole = values.only === undefined && settings.scale === 1;
const folder = values.out ?? (isWhole ? join(projectRoot, 'docs', 'benchmarks') : undefined);

console.log(`${describeMachine()}; ${settings.attempts} rounds, order shuffled, medians\n`);
const outcomes: Outcome[] = [];
for (const [position, scenario] of chosen.entries()) {
  sayBegun(`${scenario.name} (${position + 1} of ${chosen.length})`);
  const outcome = await scenario.run(settings);
  outcomes.push(outcome);
  console.log(reportOf(outcome));
}
const goals = outcomes.flatMap((outcome) => outcome.goals);
console.log(`${goals.filter(({ met }) => met === true).length} of ${goals.length} goals met`);
if (folder !== undefined) writeResults(folder);

function writeResults(to: string): void {
  mkdirSync(to, { recursive: true });
  const head = [
    '# Benchmarks',
    '',
    `Measured by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${describeMachine()}. Medians of up to`,
    `${settings.attempts} runs${settings.scale === 1 ? '' : `, sizes times ${settings.scale}`}, the order shuffled in each attempt; all registries are distribution's, on the same`,
    'machine. CPU seconds and memory are those of the copier alone. Times differ from machine to machine: only ratios',
    'within a table mean anything.',
    '',
    '![wall time of each scenario](results.svg)',
    '',
  ];
  writeFileSync(join(to, 'README.md'), [...head, ...outcomes.map(reportOf)].join('\n'));
  writeFileSync(join(to, 'results.svg'), drawChart(outcomes));
}

function choose(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return scenarios;
  return only.split(',').map((name) => {
    const scenario = [...scenarios, ...httpClients].find((candidate) => candidate.name === name.trim());
    if (scenario !== undefined) return scenario;
    return fail(
      `there is no scenario "${name}"; there are ${[...scenarios, ...httpClients].map((known) => known.name).join(', ')}`,
    );
  });
}

function positive(option: string, text: string): number {
  const value = Number(text);
  return value > 0 ? value : fail(`${option} ${text} is no positive number`);
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}
