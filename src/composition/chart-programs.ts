import type { ChartPrograms } from '../discovery/chart-programs.js';
import { FerryError } from '../domain/ferry-error.js';
import { helm, kustomize } from '../setup/chart-programs.mjs';
import { findProgram } from '../setup/find-program.mjs';
import type { Program } from '../setup/program-types.js';

/** Finds Helm and kustomize by their variables, on PATH, or where the set-up has put them; each once. */
export function chartPrograms(variables: Readonly<Record<string, string | undefined>>): ChartPrograms {
  let foundHelm: Promise<string> | undefined;
  let foundKustomize: Promise<string> | undefined;
  return {
    helm: async () => await (foundHelm ??= pathOf(helm, variables)),
    kustomize: async () => await (foundKustomize ??= pathOf(kustomize, variables)),
    variables,
  };
}

async function pathOf(program: Program, variables: Readonly<Record<string, string | undefined>>): Promise<string> {
  const { path, faults } = await findProgram(program, variables);
  if (path !== undefined) return path;
  const { title, variable, advice } = program;
  throw new FerryError(
    `${title} is needed to render this, and is missing (${faults.join('; ')}). Get it: ${advice}. Or set its path: ${variable}=/path/to/${program.name}`,
    { code: 'configuration', decision: 'block' },
  );
}
