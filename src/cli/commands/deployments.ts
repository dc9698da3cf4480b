import { showDeployment } from '../../client/deployment-view.js';
import type { DeploymentView, VersionView } from '../../client/deployment-view.js';
import { movePinned, promoteNone, promoteVersion } from '../../client/promote-version.js';
import { buildIdOf } from '../../composition/build-id.js';
import { workflowBundlePath } from '../../composition/workflow-bundle.js';
import { assertBuildId } from '../../config/deployment-settings.js';
import { readDeploymentConfig } from '../../config/read-config.js';
import type { DeploymentConfig } from '../../config/read-config.js';
import { parseDuration } from '../../domain/duration.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { printJson, printLine, printTable } from '../output.js';
import { withTemporal } from '../with-temporal.js';

export interface DeploymentsOptions {
  readonly wait?: string | undefined;
  /** Workers without a version get new work again. */
  readonly none?: boolean;
  readonly json?: boolean;
}

/** `ferry deployments`: the versions of the workers. */
export async function showCommand({ json = false }: DeploymentsOptions): Promise<number> {
  const config = readDeploymentConfig(process.env);
  const name = deploymentOf(config);
  const view = await withTemporal(config, async (temporal) => await showDeployment(temporal, name));
  if (json) printJson({ deployment: view ?? null });
  else if (view === undefined) printLine(`No worker of deployment ${name} has polled yet.`);
  else printDeployment(view);
  return ExitStatus.done;
}

/** `ferry deployments promote`: new work goes to this version from now on. */
export async function promoteCommand(
  given: string | undefined,
  { wait = '1m', none = false, json = false }: DeploymentsOptions,
): Promise<number> {
  const config = readDeploymentConfig(process.env);
  const deploymentName = deploymentOf(config);
  if (none) return await endVersions(config, { given, json });
  const buildId = given ?? config.deployment?.buildId ?? buildIdOf(workflowBundlePath());
  assertBuildId('the build ID', buildId);
  const withinMs = parseDuration(wait);
  const previous = await withTemporal(
    config,
    async (temporal) => await promoteVersion(temporal, { deploymentName, buildId }, { withinMs }),
  );
  if (json) printJson({ deployment: deploymentName, current: buildId, previous: previous ?? null });
  else {
    printLine(`${buildId} is the current version of ${deploymentName}.`);
    printKept(previous);
  }
  return ExitStatus.done;
}

async function endVersions(
  config: DeploymentConfig,
  { given, json }: { readonly given: string | undefined; readonly json: boolean },
): Promise<number> {
  const deployment = deploymentOf(config);
  if (given !== undefined) throw new InvalidInput(`type either ${given} or --none`, 'configuration');
  const previous = await withTemporal(config, async (temporal) => await promoteNone(temporal, deployment));
  if (json) printJson({ deployment, current: null, previous: previous ?? null });
  else {
    printLine(`Workers without a version get new work (FERRY_DEPLOYMENT unset).`);
    printKept(previous);
  }
  return ExitStatus.done;
}

/** `ferry deployments move`: for a version whose workers are gone for good. */
export async function moveCommand(buildId: string, { json = false }: DeploymentsOptions): Promise<number> {
  const config = readDeploymentConfig(process.env);
  const deploymentName = deploymentOf(config);
  assertBuildId('the build ID', buildId);
  const moved = await withTemporal(config, async (temporal) => {
    const view = await showDeployment(temporal, deploymentName);
    if (view?.versions.some((version) => version.buildId === buildId) !== true) {
      const known = view?.versions.map((version) => version.buildId).join(', ') ?? '';
      throw new InvalidInput(
        `deployment ${deploymentName} has no version ${buildId}; known: ${known === '' ? 'none' : known}`,
        'configuration',
      );
    }
    if (view.current === undefined || view.current === buildId) {
      throw new InvalidInput(
        `${buildId} is the current version of ${deploymentName}, or there is none: promote the version that is to continue first (ferry deployments promote BUILD-ID)`,
        'configuration',
      );
    }
    return await movePinned(temporal, { deploymentName, buildId });
  });
  if (json) printJson({ deployment: deploymentName, from: buildId, moved });
  else printLine(`${moved} workflows of ${buildId} continue on the current version.`);
  return ExitStatus.done;
}

function deploymentOf({ deployment }: DeploymentConfig): string {
  if (deployment !== undefined) return deployment.name;
  throw new InvalidInput(
    'workers are not versioned: set FERRY_DEPLOYMENT to a name, such as image-ferry, here and for every worker',
    'configuration',
  );
}

function printKept(previous: string | undefined): void {
  if (previous === undefined) return;
  printLine(`Keep a worker of ${previous} running while "ferry deployments" shows workflows that are pinned to it.`);
}

function printDeployment({ name, current, versions }: DeploymentView): void {
  printTable(
    ['VERSION', 'STATE', 'WORKERS', 'RUNNING', 'PINNED'],
    versions.map(({ buildId, state, workers, running, pinned }) => [
      buildId,
      state,
      String(workers),
      String(running),
      String(pinned),
    ]),
  );
  if (current === undefined) {
    printLine(`No version of ${name} is current: "ferry deployments promote BUILD-ID" selects one.`);
  }
  for (const version of versions.filter(isAbandoned)) {
    printLine(
      `${version.pinned} workflows wait for a worker of ${version.buildId}, and none polls: start one, or let them continue on the current version (ferry deployments move ${version.buildId}).`,
    );
  }
}

function isAbandoned({ workers, pinned }: VersionView): boolean {
  return workers === 0 && pinned > 0;
}
