import { isGrpcCancelledError, isGrpcServiceError, ServiceError, WorkflowNotFoundError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';

import { FerryError } from '../domain/ferry-error.js';

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
}

// Status codes of gRPC, https://grpc.io/docs/guides/status-codes.
const permissionDenied = 7;
const unauthenticated = 16;

/**
 * What an error of Temporal's client means for people: wrong settings, or a server that is away. Other errors, and calls
 * that this process itself gave up, come back as they are.
 */
export function temporalFault(error: unknown, { address, namespace }: TemporalAddress): unknown {
  if (error instanceof FerryError || isGrpcCancelledError(error)) return error;
  if (error instanceof NamespaceNotFoundError || causeOf(error) instanceof NamespaceNotFoundError) {
    return new FerryError(
      `Temporal at ${address} has no namespace "${namespace}": set TEMPORAL_NAMESPACE to one that it has, or make this one (temporal operator namespace create)`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
  if (error instanceof WorkflowNotFoundError) {
    return new FerryError(`Temporal at ${address} does not know ${error.workflowId} any more: ask again`, {
      code: 'temporal',
      decision: 'block',
      cause: error,
    });
  }
  const grpc = isGrpcServiceError(error) ? error : causeOf(error);
  if (!isGrpcServiceError(grpc)) return error instanceof ServiceError ? away(address, error.message, error) : error;
  if (grpc.code === permissionDenied || grpc.code === unauthenticated) {
    return new FerryError(
      `Temporal at ${address} refuses (${grpc.details}): look at TEMPORAL_API_KEY and the TLS settings`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
  return away(address, grpc.details, error);
}

function away(address: string, reason: string, cause: unknown): FerryError {
  return new FerryError(
    `Temporal at ${address} does not answer any more (${reason}): what it was given goes on when it is back; "ferry status" shows how things stand`,
    { code: 'temporal', decision: 'retry', cause },
  );
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
