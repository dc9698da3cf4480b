import { nearestName } from '../domain/nearest-name.js';
import type { Variables } from './environment.js';
import { oidcVariables } from './oidc-settings.js';
import { ownNameOf } from './other-database-names.js';

/** An unknown variable, and the one that was probably meant. */
export interface UnknownVariable {
  readonly given: string;
  readonly meant: string;
}

/** The ferry's own variables, and those of others that it reads. Each also exists with `_FILE`. */
export const knownVariables: readonly string[] = [
  'ALIYUN_REGISTRY',
  'ALIYUN_NAME_SPACE',
  'ALIYUN_REGISTRY_USER',
  'ALIYUN_REGISTRY_PASSWORD',
  'MY_REGISTRY',
  'MY_REGISTRY_USER',
  'MY_REGISTRY_PASSWORD',
  'DOCKERHUB_USERNAME',
  'DOCKERHUB_PASSWORD',
  'MYSQL_HOST',
  'MYSQL_PORT',
  'MYSQL_DB',
  'MYSQL_USER',
  'MYSQL_PASSWORD',
  'MYSQL_SSL',
  'MYSQL_SSL_CA',
  'FERRY_CONFIG',
  'FERRY_DATA_DIR',
  'FERRY_PLATFORMS',
  'FERRY_ALLOWED_SOURCES',
  'FERRY_MISSING_TAG_WAIT',
  'FERRY_MUTABLE_TAGS',
  'FERRY_HISTORY_DAYS',
  'FERRY_IMAGES_AT_ONCE',
  'FERRY_COPIES_AT_ONCE',
  'FERRY_SCHEDULES',
  'FERRY_DEPLOYMENT',
  'FERRY_BUILD_ID',
  'FERRY_DRAIN_TIME',
  'FERRY_LISTEN',
  'FERRY_WEBHOOK_SECRET',
  'FERRY_API_TOKEN',
  'FERRY_VIEW_TOKEN',
  'FERRY_SESSION_SECRET',
  'FERRY_PUBLIC_URL',
  'FERRY_BASE_PATH',
  ...oidcVariables,
  'FERRY_BRANCH',
  'FERRY_REPOSITORIES',
  'FERRY_REQUESTS_PER_MINUTE',
  'FERRY_METRICS_LISTEN',
  'FERRY_SERVER_METRICS_LISTEN',
  'FERRY_TEMPORAL_METRICS_LISTEN',
  'FERRY_TEMPORAL_CLI',
  'FERRY_HELM',
  'FERRY_KUSTOMIZE',
  'GITHUB_TOKEN',
  'GITHUB_API_URL',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
];

/**
 * A misspelled name is silent otherwise: the variable counts as unset. Only names that differ by a letter or two from
 * one that is not set are reported, since the environment is full of other programs' variables.
 */
export function unknownVariables(variables: Variables): readonly UnknownVariable[] {
  const isSet = (name: string): boolean => (variables[name] ?? '') !== '';
  const names = knownVariables.flatMap((name) => [name, `${name}_FILE`]);
  const unset = knownVariables.filter((name) => !isSet(name) && !isSet(`${name}_FILE`));
  return Object.keys(variables)
    .filter((given) => isSet(given) && !names.includes(given))
    .flatMap((given) => {
      const bare = given.replace(/_FILE$/, '');
      const other = ownNameOf(bare, unset);
      if (other !== undefined) return [{ given, meant: other }];
      const meant = unset.find((name) => isOtherUserName(bare, name) || nearestName(bare, [name]) !== undefined);
      return meant === undefined ? [] : [{ given, meant: given.endsWith('_FILE') ? `${meant}_FILE` : meant }];
    });
}

/** Describes it for users in one line. */
export function describeUnknownVariable({ given, meant }: UnknownVariable): string {
  return `unknown variable ${given}; did you mean ${meant}?`;
}

/** Matches USER with USERNAME, in either direction. */
function isOtherUserName(given: string, name: string): boolean {
  const [short = '', long = ''] = [given, name].sort((one, other) => one.length - other.length);
  return /_USER(NAME)?$/.test(name) && long === `${short}NAME`;
}
