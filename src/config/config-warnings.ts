import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Variables } from './environment.js';
import { unknownVariables, describeUnknownVariable } from './unknown-variables.js';

const defaultFile = 'ferry.yaml';

/** Lists likely mistakes that are not errors, one per line. */
export function configWarnings(variables: Variables, folder = process.cwd()): readonly string[] {
  const path = resolve(folder, defaultFile);
  const unread =
    namesConfigFile(variables) || !existsSync(path)
      ? []
      : [`${path} is not used: set FERRY_CONFIG=${defaultFile} to use it`];
  return [...unknownVariables(variables).map(describeUnknownVariable), ...unread];
}

/** Says which `ferry.yaml` is used, with its path as configured. */
export function describeConfigFile(variables: Variables): string {
  if (!namesConfigFile(variables)) return 'FERRY_CONFIG is not set';
  const { FERRY_CONFIG: path = '', FERRY_CONFIG_FILE: file = '' } = variables;
  return path === '' ? `configuration file named in ${file}` : `configuration file ${path}`;
}

export function namesConfigFile({ FERRY_CONFIG: path = '', FERRY_CONFIG_FILE: file = '' }: Variables): boolean {
  return path !== '' || file !== '';
}
