import type { IncomingMessage } from 'node:http';

import type { RepositoryRef } from '../repository-ref.js';
import type { OpenExchange } from './exchange.js';
import type { RegistryHost } from './registry-host.js';
import type { RegistryRequest } from './request-options.js';

/** A registry that limits connections resets new ones. A line that breaks resets those that have carried bytes, too. */
const youngConnectionBytes = 4 * 1024 * 1024;

type ObservedRequest = Pick<RegistryRequest, 'repo' | 'resource'>;

/** Records an answer that says that the registry is busy: fewer blobs are then in flight there. */
export function notePushBack(host: RegistryHost, { repo, resource }: ObservedRequest, status: number): void {
  if (status !== 429 && status !== 503) return;
  if (resource !== 'blob' && resource !== 'upload') return;
  host.lanes[repo.side].pushedBack('busy');
  if (resource === 'blob') host.refusedBlobAt = performance.now();
}

/** The same for a blob whose connection is reset while it is read. */
export function watchRead(host: RegistryHost, { repo, resource }: ObservedRequest, response: IncomingMessage): void {
  if (resource !== 'blob') return;
  const { socket } = response;
  // Only the other side's end of the connection is an error of the answer; this client destroys it without one.
  response.once('error', () => noteReset(host, repo, socket.bytesRead));
}

/** The same for the data of an upload. */
export function watchUpload(host: RegistryHost, { repo }: ObservedRequest, { request, response }: OpenExchange): void {
  response.catch((error: unknown) => {
    const { syscall, code } = error as NodeJS.ErrnoException;
    // An error of the system: a request that this client destroys ends with ECONNRESET, too.
    const isReset = syscall !== undefined && (code === 'ECONNRESET' || code === 'EPIPE');
    if (isReset) noteReset(host, repo, request.socket?.bytesWritten ?? 0);
  });
}

function noteReset(host: RegistryHost, { side }: RepositoryRef, bytes: number): void {
  if (bytes < youngConnectionBytes) host.lanes[side].pushedBack('reset');
}
