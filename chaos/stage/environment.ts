import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { machineVariables } from '../../demo/machine-variables.js';
import { sourceNames } from '../plan/parts.js';
import type { LineName } from '../plan/parts.js';
import type { ChaosPlatforms } from './platforms.js';
import type { ChaosDatabase } from './services.js';

export const apiToken = 'only-for-this-run';
export const webhookSecret = 'only-for-this-run, too';
export const databaseName = 'ferry';

export interface EnvironmentOptions {
  readonly folder: string;
  /** `127.0.0.1:port` of each line. */
  readonly hosts: Readonly<Record<LineName, string>>;
  readonly database: ChaosDatabase['access'];
  /** Where the server listens; its line is in front of it. */
  readonly listen: string;
  readonly platforms: ChaosPlatforms;
  /** In the environment of every process of the stage, so that one that is left behind is found. */
  readonly mark: NodeJS.ProcessEnv;
}

/** The environment of every ferry process: nothing of this machine's configuration, and every server over its line. */
export function environmentOf({
  folder,
  hosts,
  database,
  listen,
  platforms,
  mark,
}: EnvironmentOptions): NodeJS.ProcessEnv {
  const configPath = join(folder, 'ferry.yaml');
  // JSON is YAML, too.
  writeFileSync(
    configPath,
    JSON.stringify({
      hosts: Object.fromEntries(sourceNames.map((name) => [hosts[name], { scheme: 'http' }])),
      mutableTags: { tags: ['latest-*'] },
      notifications: {
        channels: {
          team: { kind: 'webhook', urlVariable: 'TEAM_URL', secretVariable: 'TEAM_SECRET' },
          robot: { kind: 'dingtalk', urlVariable: 'ROBOT_URL', secretVariable: 'ROBOT_SECRET' },
        },
        // So short that there are messages.
        groupFor: '3s',
        targetAwayLongerThan: '4s',
        retryingLongerThan: '15s',
      },
    }),
  );
  const dataFolder = join(folder, 'commands');
  mkdirSync(dataFolder);
  const [databaseHost, databasePort] = hosts.database.split(':');
  return {
    ...machineVariables(),
    ...mark,
    DOCKER_CONFIG: folder,
    FERRY_CONFIG: configPath,
    FERRY_DATA_DIR: dataFolder,
    FERRY_SCHEDULES: 'off',
    FERRY_LISTEN: listen,
    FERRY_API_TOKEN: apiToken,
    FERRY_WEBHOOK_SECRET: webhookSecret,
    TEAM_URL: platforms.webhook.url,
    TEAM_SECRET: platforms.webhookSecret,
    ROBOT_URL: platforms.robot.url,
    ROBOT_SECRET: platforms.robotSecret,
    TEMPORAL_ADDRESS: hosts.temporal,
    MYSQL_HOST: databaseHost,
    MYSQL_PORT: databasePort,
    MYSQL_DB: databaseName,
    MYSQL_USER: database.user,
    MYSQL_PASSWORD: database.password,
    // Names on the first target have the last part of the path alone, so that namesakes meet there.
    ALIYUN_REGISTRY: `http://${hosts['target-1']}`,
    ALIYUN_NAME_SPACE: 'mirror',
    MY_REGISTRY: `http://${hosts['target-2']}`,
  };
}
