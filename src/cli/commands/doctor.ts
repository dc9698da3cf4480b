import type { RegistryClient } from '@image-ferry/registry';

import { runChecks, withTimeout } from '../../checks/check.js';
import type { Finding } from '../../checks/check.js';
import { ObservedClocks, clockFinding, sourceCheck, targetCheck } from '../../checks/registry-checks.js';
import { queuesFor } from '../../client/worker-availability.js';
import { allCredentials, openRegistries } from '../../composition/registries.js';
import { readBaseConfig } from '../../config/base-config.js';
import type { BaseConfig } from '../../config/base-config.js';
import { describeConfigFile, configWarnings } from '../../config/config-warnings.js';
import { readConfig, readUpConfig } from '../../config/read-config.js';
import type { FerryConfig } from '../../config/read-config.js';
import { openDatabaseReadOnly } from '../../database/ferry-database.js';
import { largestCopies } from '../../database/pushed/largest-copies.js';
import type { LargeCopy } from '../../database/pushed/largest-copies.js';
import { FerryError } from '../../domain/ferry-error.js';
import { databaseCheck } from '../doctor/database-check.js';
import { dockerChecks } from '../doctor/docker-check.js';
import { diskCheck, gitHubCheck } from '../doctor/machine-checks.js';
import {
  congestionCheck,
  downloadSpeedChecks,
  ObservedRoundTrips,
  speedTimeoutMs,
  uploadSpeedCheck,
} from '../doctor/speed-checks.js';
import { temporalChecks } from '../doctor/temporal-checks.js';
import { uploadHabitsCheck } from '../doctor/upload-habits-check.js';
import { wantedSources } from '../doctor/wanted-sources.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine } from '../output.js';

export interface DoctorOptions {
  readonly json?: boolean | undefined;
  /** Also measures each registry in both directions, which takes some 10 seconds for each. */
  readonly speed?: boolean | undefined;
}

/** Checks every part of the set-up independently and changes nothing. */
export async function doctorCommand({ json = false, speed = false }: DoctorOptions): Promise<number> {
  const findings = await examine(process.env, speed);
  if (json) printJson(findings);
  else printFindings(findings);
  return findings.every(({ ok }) => ok) ? ExitStatus.done : ExitStatus.failed;
}

async function examine(variables: NodeJS.ProcessEnv, speed: boolean): Promise<readonly Finding[]> {
  // An error that concerns only the server does not prevent the other checks.
  const whole = attempt(() => readUpConfig(variables));
  const config = whole.value?.config ?? attempt(() => readConfig(variables)).value;
  const read = describeConfigFile(variables);
  if (config !== undefined) {
    const message = `targets ${config.targets.map(({ name, registry }) => `${name} (${registry})`).join(', ')}; ${read}`;
    const ok = whole.value !== undefined;
    const finding = { part: 'configuration', ok, message: ok ? message : `${whole.fault}\n${read}` };
    return [finding, ...warningFindings(variables), ...(await examineAll(config, speed))];
  }
  const finding = { part: 'configuration', ok: false, message: `${whole.fault}\n${read}` };
  const baseConfig = attempt(() => readBaseConfig(variables)).value;
  const unchecked = { part: 'registries, github', ok: false, message: 'not checked: they need a valid configuration' };
  const findings = [finding, ...warningFindings(variables, whole.fault)];
  return baseConfig === undefined ? findings : [...findings, ...(await runChecks(baseChecks(baseConfig))), unchecked];
}

/**
 * Warns of unknown variables and files, which may belong to another program, unless `reported` mentions them already.
 */
function warningFindings(variables: NodeJS.ProcessEnv, reported = ''): readonly Finding[] {
  const message = configWarnings(variables)
    .filter((note) => !reported.includes(note))
    .join('\n');
  return message === '' ? [] : [{ part: 'variables', ok: true, warning: true, message }];
}

function baseChecks(config: BaseConfig & Partial<Pick<FerryConfig, 'targets'>>) {
  return [databaseCheck(config), ...temporalChecks(config, queuesFor(config.targets ?? [])), diskCheck(config)];
}

async function examineAll(config: FerryConfig, speed: boolean): Promise<readonly Finding[]> {
  const sources = await wantedSources(config);
  const registries = openRegistries(config);
  const credentials = allCredentials(config);
  const clocks = new ObservedClocks();
  try {
    const findings = await runChecks([
      ...baseChecks(config),
      ...config.targets.map((target) => targetCheck(target, credentials, registries, clocks)),
      uploadHabitsCheck(config),
      ...sources.map((host) => sourceCheck(host, credentials, registries, clocks)),
      ...dockerChecks(config),
      gitHubCheck(config),
    ]);
    const measured = speed ? await measureSpeed(config, sources, registries) : [];
    return [...findings, ...(await runChecks([clockFinding(clocks)])), ...measured];
  } finally {
    registries.close();
  }
}

/** One after the other: measurements at the same time would share the line. */
async function measureSpeed(
  config: FerryConfig,
  sources: readonly string[],
  registries: RegistryClient,
): Promise<readonly Finding[]> {
  const trips = new ObservedRoundTrips();
  const copies = await withTimeout(async () => await largeCopies(config)).catch(() => []);
  const checks = [
    ...config.targets.map((target) => uploadSpeedCheck(target, registries, trips)),
    ...downloadSpeedChecks(config.targets, sources, copies, registries, trips),
    congestionCheck(trips),
  ];
  const findings: Finding[] = [];
  for (const check of checks) findings.push(...(await runChecks([check], speedTimeoutMs)));
  return findings;
}

/** What to read; nothing if the database cannot be read, which its own check reports. */
async function largeCopies({ database: settings }: FerryConfig): Promise<readonly LargeCopy[]> {
  const database = await openDatabaseReadOnly(settings);
  try {
    return await largestCopies(database.queries);
  } finally {
    await database.close();
  }
}

function attempt<T>(read: () => T): { readonly value?: T; readonly fault: string } {
  try {
    return { value: read(), fault: '' };
  } catch (error) {
    if (error instanceof FerryError) return { fault: error.message };
    throw error;
  }
}

function printFindings(findings: readonly Finding[]): void {
  const width = Math.max(...findings.map(({ part }) => part.length));
  for (const { part, ok, warning = false, message } of findings) {
    const [first = '', ...more] = message.split('\n');
    printLine(`${part.padEnd(width)}  ${stateOf(ok, warning)}  ${first}`);
    for (const line of more) printLine(`${' '.repeat(width + 11)}${line}`);
  }
}

/** Padded to the same width. */
function stateOf(ok: boolean, isWarning: boolean): string {
  if (!ok) return 'error  ';
  return isWarning ? 'warning' : 'ok     ';
}
