import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

import type { Variables } from './environment.js';
import { unknownVariables, describeUnknownVariable } from './unknown-variables.js';

const usualFile = 'ferry.yaml';

/** What is likely to be a slip though it is no fault: a line each. */
export function configWarnings(variables: Variables, folder = process.cwd()): readonly string[] {
  const path = resolve(folder, usualFile);
  const unread =
    namesConfigFile(variables) || !existsSync(path)
      ? []
      : [`${path} is not read: set FERRY_CONFIG=${usualFile} if it is meant`];
  return [...unknownVariables(variables).map(describeUnknownVariable), ...unread];
}

/** Which `ferry.yaml` counts; its path as it is given. */
export function describeConfigFile(variables: Variables): string {
  if (!namesConfigFile(variables)) return 'FERRY_CONFIG names no file';
  const { FERRY_CONFIG: path = '', FERRY_CONFIG_FILE: file = '' } = variables;
  return path === '' ? `the file is the one that ${file} names` : `the file is ${path}`;
}

function namesConfigFile({ FERRY_CONFIG: path = '', FERRY_CONFIG_FILE: file = '' }: Variables): boolean {
  return path !== '' || file !== '';
}
