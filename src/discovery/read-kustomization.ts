import { FerryError } from '../domain/ferry-error.js';
import type { ChartPrograms } from './chart-programs.js';
import type { Discovery } from './discovery.js';
import { readYaml } from './read-text.js';
import { runProgram, withPrivateFolder } from './run-program.js';

export const kustomizationNames: ReadonlySet<string> = new Set([
  'kustomization.yaml',
  'kustomization.yml',
  'Kustomization',
]);

/** Finds the images of what `kustomize build` makes of a folder. Bases in other repositories and charts are not fetched. */
export async function readKustomization(
  discovery: Discovery,
  folder: string,
  source: string,
  { programs, signal }: { readonly programs: ChartPrograms; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  try {
    const program = await programs.kustomize();
    await withPrivateFolder(programs.variables, async (_folder, environment) => {
      const what = `kustomize build ${source}`;
      const text = await runProgram({ what, program, args: ['build', folder], environment, signal });
      readYaml(discovery, text, `${source} (kustomize build)`);
    });
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof FerryError)) throw error;
    discovery.fault(source, `${error.message}${adviceFor(error.message, source)}`);
  }
}

function adviceFor(message: string, source: string): string {
  if (/executable file not found|no 'git' program/.test(message)) {
    return `: it has a base in another repository, which is not fetched; run "kustomize build ${source} | ferry find -"`;
  }
  if (message.includes('must specify --enable-helm')) {
    return `: it contains a chart; run "kustomize build --enable-helm ${source} | ferry find -"`;
  }
  return '';
}
