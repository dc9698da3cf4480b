import { InvalidInput } from '../domain/ferry-error.js';
import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';

/** Workers of one Temporal Worker Deployment, whose versions have different build IDs. */
export interface DeploymentSettings {
  readonly name: string;
  /** Absent: the version of the package with a hash of the workflow code. */
  readonly buildId?: string | undefined;
  /** Temporal's Worker Controller started this worker: the controller alone decides which version is the current one. */
  readonly isControlled: boolean;
}

/** What Temporal accepts, without what separates the two in its queries. */
const deploymentName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
const buildIdText = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/;

/**
 * Reads `FERRY_DEPLOYMENT` and `FERRY_BUILD_ID`, else what Temporal's Worker Controller sets for its workers. Absent
 * without a deployment: workers are then not versioned.
 */
export function readDeployment(environment: Environment, errors: ConfigErrors): DeploymentSettings | undefined {
  return errors.try(() => {
    const own = environment.value('FERRY_DEPLOYMENT');
    const name = own ?? environment.value('TEMPORAL_DEPLOYMENT_NAME');
    if (name === undefined) return undefined;
    const isControlled = own === undefined;
    assertDeploymentName(isControlled ? 'TEMPORAL_DEPLOYMENT_NAME' : 'FERRY_DEPLOYMENT', name);
    const variable = isControlled ? 'TEMPORAL_WORKER_BUILD_ID' : 'FERRY_BUILD_ID';
    const buildId = environment.value(variable);
    if (buildId !== undefined) assertBuildId(variable, buildId);
    return { name, buildId, isControlled };
  });
}

/** @throws InvalidInput */
export function assertBuildId(from: string, text: string): void {
  if (buildIdText.test(text)) return;
  throw new InvalidInput(
    `${from} is "${text.slice(0, 120)}": expected up to 100 letters, digits, dots, hyphens, underscores and plus signs, such as 1.4.0-3f9a1c2b`,
    'configuration',
  );
}

function assertDeploymentName(from: string, text: string): void {
  if (deploymentName.test(text)) return;
  throw new InvalidInput(
    `${from} is "${text.slice(0, 120)}": expected up to 100 letters, digits, hyphens and underscores, such as image-ferry`,
    'configuration',
  );
}
