import type { ChartPrograms } from '../../src/discovery/chart-programs.js';
import { FerryError } from '../../src/domain/ferry-error.js';
import { requireTool } from './tools.js';

/** Neither Helm nor kustomize can be found. */
export const noChartPrograms: ChartPrograms = {
  helm: async () => await missing('Helm'),
  kustomize: async () => await missing('kustomize'),
  variables: {},
};

/** Those that the set-up has found or built. */
export function realChartPrograms(): ChartPrograms {
  return { helm: async () => requireTool('helm'), kustomize: async () => requireTool('kustomize'), variables: {} };
}

async function missing(name: string): Promise<string> {
  throw new FerryError(`${name} is needed to render this, and is missing`, {
    code: 'configuration',
    decision: 'block',
  });
}
