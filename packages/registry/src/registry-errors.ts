import { RegistryError } from './errors.js';
import type { RegistryErrorDetails } from './errors.js';
import { describeRepository } from './repository-ref.js';
import type { RepositoryRef } from './repository-ref.js';
import { codesOf } from './transport/quirks.js';
import type { Resource } from './transport/resource.js';

/** One entry of a registry's error body (distribution-spec, "Error Codes"). */
export interface RegistryDiagnostic {
  readonly code: string;
  readonly message: string;
}

/** Details of a {@link RegistryFault}. */
export interface RegistryFaultDetails extends RegistryErrorDetails {
  readonly repo: RepositoryRef;
  /** HTTP status, if there was an answer. */
  readonly status?: number | undefined;
  readonly diagnostics?: readonly RegistryDiagnostic[];
  /** What the request was about, if there was an answer. */
  readonly resource?: Resource | undefined;
}

/** A fault of one registry, with the side, host, repository, answer, and what to do. */
export class RegistryFault extends RegistryError {
  readonly side: RepositoryRef['side'];
  readonly host: string;
  readonly repository: string;
  readonly status?: number | undefined;
  readonly diagnostics: readonly RegistryDiagnostic[];
  readonly resource?: Resource | undefined;
  /** The message without its leading host and repository: for a fault that says the same with another decision. */
  readonly reason: string;

  constructor(message: string, { repo, status, diagnostics, resource, ...details }: RegistryFaultDetails) {
    super(`${describeRepository(repo)}: ${message}`, details);
    this.reason = message;
    this.side = repo.side;
    this.host = repo.host;
    this.repository = repo.repository;
    this.diagnostics = diagnostics ?? [];
    if (status !== undefined) this.status = status;
    if (resource !== undefined) this.resource = resource;
  }
}

/** True if the registry itself named one of these codes. */
export function saysCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof RegistryFault && error.diagnostics.some(({ code }) => codes.includes(code));
}

/** True if a registry refuses a manifest because it lacks, or does not see yet, what the manifest needs. */
export function namesUnknownBlob(error: unknown): boolean {
  return saysCode(error, ...codesOf('unknown-parts'));
}
