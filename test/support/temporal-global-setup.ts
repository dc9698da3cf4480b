import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { sharedNamespaces, startTemporal } from './temporal-server.js';

/** One Temporal server for all test files of the project `real`: `inject('temporalAddress')`, `freshNamespace()`. */
export default async function startSharedTemporal(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTemporal({ namespaces: sharedNamespaces });
  const namespaces = mkdtempSync(join(tmpdir(), 'ferry-namespaces-'));
  project.provide('temporalAddress', server.address);
  project.provide('temporalNamespaces', namespaces);
  return async () => {
    await server.stop();
    rmSync(namespaces, { recursive: true, force: true });
  };
}
