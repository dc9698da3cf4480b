import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { runCommand } from './run-command.mjs';

/** No C compiler is needed, and the programs run with any C library. */
const environment = { CGO_ENABLED: '0' };

/**
 * Builds a program in a Go module of ours, whose go.sum pins all dependencies.
 *
 * @param {{folder: string, package: string, setVersion: string, tags?: string, takes: string}} program `folder`: with
 * go.mod and go.sum; `tags`: build tags
 * @returns {import('./program-types.js').Way}
 */
export function fromGoModule({ folder: moduleFolder, package: packagePath, setVersion, tags = '', takes }) {
  return {
    title: 'build with Go',
    plan: () => planWithGo(takes),
    get: (destination) =>
      inFolderBeside(destination, async (folder) => {
        cpSync(moduleFolder, folder, { recursive: true });
        const program = join(folder, 'program');
        const flags = ['-trimpath', '-mod=readonly', '-tags', tags, '-ldflags', `-s -w -X ${setVersion}`];
        const result = await runCommand('go', ['build', ...flags, '-o', program, packagePath], {
          cwd: folder,
          env: environment,
        });
        if (result.ok) renameSync(program, destination);
        return result;
      }),
  };
}

/**
 * Gets a program with `go install package@version`.
 *
 * @param {{package: string, version: string, takes: string}} program
 * @returns {import('./program-types.js').Way}
 */
export function fromGoPackage({ package: packagePath, version, takes }) {
  return {
    title: `go install ${packagePath}@${version}`,
    plan: () => planWithGo(takes),
    get: (destination) =>
      inFolderBeside(destination, async (folder) => {
        const result = await runCommand(
          'go',
          ['install', '-trimpath', '-ldflags', '-s -w', `${packagePath}@${version}`],
          {
            cwd: folder,
            env: { ...environment, GOBIN: folder },
          },
        );
        const [program] = readdirSync(folder);
        if (result.ok && program !== undefined) renameSync(join(folder, program), destination);
        return result;
      }),
  };
}

/** @param {string} takes */
async function planWithGo(takes) {
  const { ok } = await runCommand('go', ['version']);
  return ok ? { takes } : { impossible: 'Go is not installed' };
}

/**
 * Builds beside the destination, so that the finished program is moved there in one step.
 *
 * @template T
 * @param {string} destination
 * @param {(folder: string) => Promise<T>} work
 */
async function inFolderBeside(destination, work) {
  const folder = mkdtempSync(join(dirname(destination), 'build-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
