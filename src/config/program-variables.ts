import type { Environment } from './environment.js';

/** Of the environment: what finds and runs Helm and kustomize. None of them is a secret of the ferry. */
const handedOn =
  /^(?:FERRY_HELM|FERRY_KUSTOMIZE|HELM_REGISTRY_CONFIG|PATH|HOME|XDG_CACHE_HOME|TMPDIR|SSL_CERT_(?:FILE|DIR)|https?_proxy|no_proxy|all_proxy)$/i;

/** The variables that the programs that render charts are found and run with. */
export function readProgramVariables(environment: Environment): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(environment.present()).filter(([name]) => handedOn.test(name)));
}
