/** One build of the workers of a Temporal Worker Deployment, in Temporal's own words. */
export interface DeploymentVersion {
  readonly deploymentName: string;
  readonly buildId: string;
}
