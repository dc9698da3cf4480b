import { withoutPassword } from '@image-ferry/registry/reference';

import type { DatabaseSettings } from '../domain/database-settings.js';
import { errorMessage } from '../domain/error-message.js';
import { ConfigErrors } from './config-errors.js';
import { configFileOf } from './config-file.js';
import { configWarnings, namesConfigFile } from './config-warnings.js';
import { Environment } from './environment.js';
import type { Variables } from './environment.js';
import { isMapping } from './file-parts.js';
import { knownVariables } from './unknown-variables.js';

/** One setting, and where its value comes from. */
export interface SettingView {
  /** A variable, or the path of a key in `ferry.yaml`. */
  readonly name: string;
  /** `file`: the one that `NAME_FILE` names. */
  readonly from: 'environment' | 'file' | 'ferry.yaml' | 'default';
  readonly isSet: boolean;
  readonly isSecret: boolean;
  /** Never of a secret. */
  readonly value?: string | undefined;
}

export interface ConfigurationView {
  readonly file?: string | undefined;
  readonly values: readonly SettingView[];
  readonly warnings: readonly string[];
}

/** Values that apply where a variable is not set. */
const defaults: Readonly<Record<string, string>> = {
  MYSQL_PORT: '3306',
  MYSQL_DB: 'image_ferry',
  FERRY_PLATFORMS: 'linux/amd64',
  FERRY_ALLOWED_SOURCES: 'defaults',
  FERRY_MISSING_TAG_WAIT: '72h',
  FERRY_MUTABLE_TAGS: 'latest',
  FERRY_HISTORY_DAYS: '90',
  FERRY_IMAGES_AT_ONCE: '16',
  FERRY_COPIES_AT_ONCE: '20',
  FERRY_SCHEDULES: 'on',
  FERRY_LISTEN: '127.0.0.1:8080',
  FERRY_BRANCH: 'main',
  FERRY_REQUESTS_PER_MINUTE: '240',
  FERRY_OIDC_GROUPS_CLAIM: 'groups',
  FERRY_OIDC_SCOPE: 'openid profile email',
  GITHUB_API_URL: 'https://api.github.com',
  TEMPORAL_NAMESPACE: 'default',
};
const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];
const secretName = /(?:PASSWORD|TOKEN|SECRET|API_KEY)$/;
const secretKey = /(?:password|passwd|secret|token|apikey|api_key|credential)s?$/i;
/** Keys of `ferry.yaml` that name a secret's place. */
const notSecret: ReadonlySet<string> = new Set(['passwordVariable', 'secretVariable', 'credentials']);
/** Variables that these keys name are secrets; addresses of webhooks contain one. */
const namesSecret = /\.(?:password|secret|url)Variable$/;
const longestValue = 1_000;

/** The settings of this process as users see them: a secret is set, or it is not. */
export function configurationView(variables: Variables): ConfigurationView {
  const environment = new Environment(variables);
  const errors = new ConfigErrors();
  const { path, named: _named, ...sections } = configFileOf(environment, errors);
  const fromFile = leavesOf(sections, '');
  const passwords = fromFile.flatMap(({ name, value }) => (namesSecret.test(name) ? [value ?? ''] : []));
  const names = [...knownVariables, ...proxyVariables, ...passwords.filter((name) => !knownVariables.includes(name))];
  return {
    file: namesConfigFile(variables) ? path : undefined,
    values: [...names.map((name) => variableView(name, variables, environment, passwords)), ...fromFile],
    warnings: configWarnings(variables),
  };
}

function variableView(
  name: string,
  variables: Variables,
  environment: Environment,
  passwords: readonly string[],
): SettingView {
  const isSecret = secretName.test(name) || passwords.includes(name);
  const from = (variables[`${name}_FILE`] ?? '') === '' ? 'environment' : 'file';
  const value = valueOf(name, environment);
  if (value === undefined) {
    return { name, from: 'default', isSet: false, isSecret, value: isSecret ? undefined : defaults[name] };
  }
  return { name, from, isSet: true, isSecret, value: isSecret ? undefined : shown(value) };
}

function valueOf(name: string, environment: Environment): string | undefined {
  try {
    return environment.value(name);
  } catch (error) {
    return errorMessage(error);
  }
}

/** Each value of the file with the path of its key. */
function leavesOf(value: unknown, path: string): readonly SettingView[] {
  if (value === undefined) return [];
  if (isMapping(value)) {
    return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, path === '' ? key : `${path}.${key}`));
  }
  const key = path.slice(path.lastIndexOf('.') + 1);
  const isSecret = secretKey.test(key) && !notSecret.has(key);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return [{ name: path, from: 'ferry.yaml', isSet: true, isSecret, value: isSecret ? undefined : shown(text) }];
}

/** Addresses of proxies may contain a password, with a scheme or without. */
function shown(value: string): string {
  const words = value.split(/\s+/).map((word) => {
    return word.includes('//') ? word.replaceAll(/\/\/[^/@]*@/g, '//***@') : withoutPassword(word);
  });
  return words.join(' ').slice(0, longestValue);
}

/** Where the database is, without its password. */
export function placeOfDatabase(settings: DatabaseSettings): string {
  if (settings.kind === 'sqlite') return settings.path;
  const { user, host, port, database } = settings;
  return `mysql://${user}@${host}:${port}/${database}`;
}
