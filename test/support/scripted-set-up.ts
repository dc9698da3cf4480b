import { createRegistryClient } from '@image-ferry/registry';
import type { CopyRequest, CopyTarget, RegistryClient, RegistryClientOptions } from '@image-ferry/registry';
import { parseImageReference } from '@image-ferry/registry/reference';
import { onTestFinished } from 'vitest';

import { ScriptedRegistry } from './scripted-registry.js';

export const repository = 'team/app';
export const targetRepository = 'mirror/app';

/** Short enough for tests that wait for this timeout, long enough for a busy machine. */
export const impatient = { backoffMs: 5, longestPauseMs: 2_000, stallMs: 400, idleMs: 400, joinMs: 300 } as const;

/** Every blob is streamed, as large ones are: for tests that are about streaming and need few bytes. */
export const streaming = { smallBlobBytes: 0 } as const;

/** A scripted registry that ends with the test. */
export async function startScripted(): Promise<ScriptedRegistry> {
  const registry = await ScriptedRegistry.start();
  onTestFinished(() => registry.stop());
  return registry;
}

export async function sourceAndTarget(): Promise<[ScriptedRegistry, ScriptedRegistry]> {
  return Promise.all([startScripted(), startScripted()]);
}

export async function sourceAndTwoTargets(): Promise<[ScriptedRegistry, ScriptedRegistry, ScriptedRegistry]> {
  return Promise.all([startScripted(), startScripted(), startScripted()]);
}

/** A client that may connect to these registries, and ends with the test. */
export function clientFor(
  registries: readonly { readonly host: string }[],
  options: Partial<RegistryClientOptions> = {},
): RegistryClient {
  const client = createRegistryClient({
    credentials: () => Promise.resolve(undefined),
    trustedHosts: new Set(registries.map(({ host }) => host)),
    timing: impatient,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}

export function requestFor(
  source: { readonly host: string },
  targets: readonly { readonly host: string }[],
  changes: Partial<CopyRequest> = {},
): CopyRequest {
  return {
    source: parseImageReference(`${source.host}/${repository}:v1`),
    platforms: 'all',
    targets: targets.map((target, position) => targetAt(target, { name: `target-${position + 1}` })),
    ...changes,
  };
}

export function targetAt({ host }: { readonly host: string }, changes: Partial<CopyTarget> = {}): CopyTarget {
  return { name: 'target-1', host, repository: targetRepository, tag: 'v1', manifestPolicy: 'keep', ...changes };
}
