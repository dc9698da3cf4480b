import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DemoImage } from './demo-images.js';
import { startGitHubStandIn } from './github-stand-in.js';
import type { GitHubStandIn } from './github-stand-in.js';
import { pushImage } from './image-exchange.js';
import { machineVariables } from './machine-variables.js';
import { startRegistry } from './registry-server.js';
import type { RegistryServer } from './registry-server.js';
import { startThrottle } from './throttle.js';
import type { Throttle } from './throttle.js';
import { requireTool } from './tools.js';

const sourceBytesPerSecond = 12_000_000;
const login = { user: 'ferry', password: 'only-for-this-demo' };

/** The token that allows a client to request images from the server. */
export const apiToken = 'only-for-this-demo';

/** Where the second act publishes Xinference's image. */
export const xinferenceRepository = 'xprobe/xinference';

export const aliyunNamespace = 'mirror';

export const targetNames = ['aliyun', 'private'] as const;
export type TargetName = (typeof targetNames)[number];

/** Everything that the ferry meets in the demo, on loopback ports of its own. */
export interface Stage {
  readonly folder: string;
  readonly source: RegistryServer;
  /** The throttled link to the source. The ferry knows the source by this host. */
  readonly proxy: Throttle;
  readonly targets: Readonly<Record<TargetName, RegistryServer>>;
  /** Stands in for GitHub, where releases are announced. */
  readonly github: GitHubStandIn;
  /** The environment of every ferry process, and nothing of this machine's configuration. */
  readonly environment: NodeJS.ProcessEnv;
  stop(): Promise<void>;
  /** Removes what is on disk. */
  clear(): void;
}

export async function setStage(images: readonly DemoImage[]): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-demo-'));
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  const opened = async <Part extends { stop(): Promise<void> }>(starting: Promise<Part>): Promise<Part> => {
    const part = await starting;
    stops.push(() => part.stop());
    return part;
  };
  try {
    const source = await opened(startRegistry({ kind: 'distribution' }));
    const proxy = await opened(startThrottle({ upstream: source.url, bytesPerSecond: sourceBytesPerSecond }));
    const targets = {
      // Like Alibaba Cloud's personal edition it takes images, and no other kind of artifact.
      aliyun: await opened(startRegistry({ kind: 'distribution', classes: ['image'] })),
      private: await opened(startRegistry({ kind: 'distribution', htpasswd: login })),
    };
    for (const { repository, tag, made } of images) await pushImage(source, { image: made, repository, tag });
    const github = await opened(startGitHubStandIn());
    const environment = environmentFor({ folder, proxy, targets, github });
    const clear = (): void => rmSync(folder, { recursive: true });
    return { folder, source, proxy, targets, github, environment, stop, clear };
  } catch (error) {
    await stop();
    rmSync(folder, { recursive: true });
    throw error;
  }
}

function environmentFor({
  folder,
  proxy,
  targets,
  github,
}: Pick<Stage, 'folder' | 'proxy' | 'targets' | 'github'>): NodeJS.ProcessEnv {
  const configuration = join(folder, 'ferry.yaml');
  writeFileSync(
    configuration,
    [
      '# The source has a loopback address, so it must be named: the ferry connects to no private address that is not configured.',
      'hosts:',
      `  "${proxy.host}": { scheme: http }`,
      'targets:',
      "  # The ferry knows Alibaba Cloud's personal edition by its host names; this one stands in for it.",
      '  aliyun: { manifestPolicy: drop }',
      'github:',
      `  apiUrl: ${github.url}`,
      'upstreams:',
      '  # Its own image is on Docker Hub, which a demo leaves alone.',
      `  xinference: { image: "${proxy.host}/${xinferenceRepository}" }`,
      '',
    ].join('\n'),
  );
  const dataFolder = join(folder, 'data');
  mkdirSync(dataFolder);
  return {
    ...machineVariables(['TERM', 'SystemRoot']),
    DOCKER_CONFIG: folder,
    FERRY_CONFIG: configuration,
    FERRY_DATA_DIR: dataFolder,
    FERRY_MISSING_TAG_WAIT: '0',
    FERRY_API_TOKEN: apiToken,
    FERRY_TEMPORAL_CLI: requireTool('temporal'),
    ALIYUN_REGISTRY: targets.aliyun.url,
    ALIYUN_NAME_SPACE: aliyunNamespace,
    MY_REGISTRY: targets.private.url,
    MY_REGISTRY_USER: login.user,
    MY_REGISTRY_PASSWORD: login.password,
  };
}

/** Where the ferry of the demo keeps its data. */
export function dataFolder({ environment }: Pick<Stage, 'environment'>): string {
  return environment['FERRY_DATA_DIR'] ?? '';
}
