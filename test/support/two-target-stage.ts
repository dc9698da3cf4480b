import { startRegistry } from '../../demo/registry-server.js';
import type { RegistryServer } from '../../demo/registry-server.js';
import { startThrottle } from '../../demo/throttle.js';
import type { Throttle } from '../../demo/throttle.js';
import { makeFerryStage } from './ferry-stage.js';
import type { FerryStage } from './ferry-stage.js';

/** The whole ferry with a source behind a slow connection, and two targets. */
export interface TwoTargetStage extends FerryStage {
  readonly source: RegistryServer;
  /** The ferry connects to the source through this proxy. */
  readonly proxy: Throttle;
  /** Distribution 2.8: repositories are `team/<last part>`. */
  readonly aliyun: RegistryServer;
  /** Distribution 3: repositories are `<first part>/<last part>`. */
  readonly own: RegistryServer;
}

/** @param environment variables beyond those of its targets */
export async function startTwoTargetStage(
  bytesPerSecond: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<TwoTargetStage> {
  const source = await startRegistry({ kind: 'distribution' });
  const proxy = await startThrottle({ upstream: source.url, bytesPerSecond });
  const aliyun = await startRegistry({ kind: 'docker-registry' });
  const own = await startRegistry({ kind: 'distribution' });
  const stage = makeFerryStage({
    configuration: { hosts: { [proxy.host]: { scheme: 'http' } } },
    environment: { ...environment, ALIYUN_REGISTRY: aliyun.url, ALIYUN_NAME_SPACE: 'team', MY_REGISTRY: own.url },
  });
  return {
    ...stage,
    source,
    proxy,
    aliyun,
    own,
    async clear() {
      await stage.clear();
      await Promise.all([proxy.stop(), source.stop(), aliyun.stop(), own.stop()]);
    },
  };
}
