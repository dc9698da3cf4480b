/**
 * `npm run bench`: the ferry against every peer that is here (skopeo, crane, regctl, regsync; FERRY_SKOPEO, FERRY_CRANE,
 * FERRY_REGCTL and FERRY_REGSYNC name others), scenario by scenario, on registries of its own. Only ratios within a run
 * mean anything: times differ from machine to machine. A whole family at full size writes its tables and a chart to
 * docs/benchmarks: `loopback` (about 20 minutes on two cores), `lines` (simulated long lines, about 50 minutes) and
 * `scale` (what many images cost in CPU time, statements and events).
 *
 * `--only NAME,...` some scenarios or a family (default `loopback`); `--runs N` of each contestant (default 5; scenarios
 * that take minutes have at most 3); `--scale N` of every image and list (default 1); `--images N` or
 * `--images full` of the family `scale` (default: few); `--out FOLDER` where the results
 * go, also those of some scenarios.
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
import { killedTransfers } from './scenarios/killed-transfer.js';
import { largeLayer } from './scenarios/large-layer.js';
import { lineList } from './scenarios/line-list.js';
import { lineProxy } from './scenarios/line-proxy.js';
import { lineCases } from './scenarios/lines.js';
import { manySmall } from './scenarios/many-small.js';
import { randomResets } from './scenarios/random-resets.js';
import { scaleKilled } from './scenarios/scale-killed.js';
import { scaleMutable } from './scenarios/scale-mutable.js';
import { scaleNewTiny, scaleNewTinyFar } from './scenarios/scale-new-tiny.js';
import { scaleOnePercent } from './scenarios/scale-one-percent.js';
import { scaleTakeover } from './scenarios/scale-takeover.js';
import { scaleUnchanged } from './scenarios/scale-unchanged.js';
import { scaleWorkersLine, scaleWorkersTiny } from './scenarios/scale-workers.js';
import { settledList } from './scenarios/settled-list.js';
import { slowSourceFourTargets, slowSourceTwoTargets } from './scenarios/slow-source.js';
import { slowTarget } from './scenarios/slow-target.js';
import { overPlainHttp, overTls } from './scenarios/two-targets.js';

interface Family {
  readonly title: string;
  /** Of the files in docs/benchmarks. */
  readonly files: { readonly page: string; readonly chart: string };
  readonly scenarios: readonly Scenario[];
}

const families: Readonly<Record<string, Family>> = {
  loopback: {
    title: 'Benchmarks',
    files: { page: 'README.md', chart: 'results.svg' },
    scenarios: [
      overTls,
      overPlainHttp,
      slowSourceTwoTargets,
      slowSourceFourTargets,
      slowTarget,
      largeLayer,
      settledList,
      manySmall,
      durable,
    ],
  },
  lines: {
    title: 'Benchmarks over long, slow and breaking lines',
    files: { page: 'lines.md', chart: 'lines.svg' },
    scenarios: [lineProxy, ...lineCases, lineList, ...killedTransfers, randomResets],
  },
  scale: {
    title: 'What many images cost',
    files: { page: 'scale.md', chart: 'scale.svg' },
    scenarios: [
      scaleUnchanged,
      scaleNewTiny,
      scaleNewTinyFar,
      scaleOnePercent,
      scaleMutable,
      scaleTakeover,
      scaleKilled,
      scaleWorkersTiny,
      scaleWorkersLine,
    ],
  },
};
const everyScenario = [...Object.values(families).flatMap(({ scenarios }) => scenarios), ...httpClients];

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'loopback' },
    runs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    images: { type: 'string' },
    out: { type: 'string' },
  },
});
const family = families[values.only];
const chosen = family?.scenarios ?? choose(values.only);
const settings = {
  attempts: positive('--runs', values.runs),
  scale: positive('--scale', values.scale),
  images: values.images === undefined ? undefined : countOrFull(values.images),
};
const isWhole = family !== undefined && settings.scale === 1;
const folder = values.out ?? (isWhole ? join(projectRoot, 'docs', 'benchmarks') : undefined);

console.log(`${describeMachine()}; ${settings.attempts} runs, order shuffled, medians\n`);
const outcomes: Outcome[] = [];
for (const [position, scenario] of chosen.entries()) {
  sayBegun(`${scenario.name} (${position + 1} of ${chosen.length})`);
  const outcome = await scenario.run(settings);
  outcomes.push(outcome);
  console.log(reportOf(outcome));
}
const goals = outcomes.flatMap((outcome) => outcome.goals);
console.log(`${goals.filter(({ met }) => met === true).length} of ${goals.length} goals met`);
if (folder !== undefined)
  writeResults(folder, family ?? { title: 'Benchmarks', files: { page: 'README.md', chart: 'results.svg' } });

function writeResults(to: string, { title, files }: Pick<Family, 'title' | 'files'>): void {
  mkdirSync(to, { recursive: true });
  const head = [
    `# ${title}`,
    '',
    `Measured by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${describeMachine()}. Medians of up to`,
    `${settings.attempts} runs${settings.scale === 1 ? '' : `, sizes times ${settings.scale}`}, in a new order each time; all registries are distribution's, on the same`,
    'machine. CPU seconds and memory are those of the copier alone. Times differ from machine to machine: only ratios',
    'within a table mean anything.',
    '',
    `![wall time of each scenario](${files.chart})`,
    '',
  ];
  writeFileSync(join(to, files.page), [...head, ...outcomes.map(reportOf)].join('\n'));
  writeFileSync(join(to, files.chart), drawChart(outcomes));
}

function choose(only: string): readonly Scenario[] {
  return only.split(',').map((name) => {
    const scenario = everyScenario.find((candidate) => candidate.name === name.trim());
    if (scenario !== undefined) return scenario;
    const known = [...Object.keys(families), ...everyScenario.map((one) => one.name)];
    return fail(`there is no scenario "${name}"; there are ${known.join(', ')}`);
  });
}

function countOrFull(text: string): number | 'full' {
  return text === 'full' ? text : positive('--images', text);
}

function positive(option: string, text: string): number {
  const value = Number(text);
  return value > 0 ? value : fail(`${option} ${text} is no positive number`);
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}
