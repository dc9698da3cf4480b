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
 * Converts an error of Temporal's client to a message for users: wrong settings or an unreachable server. Other errors,
 * and calls that this process cancelled, are returned unchanged.
 */
export function temporalFault(error: unknown, { address, namespace }: TemporalAddress): unknown {
  if (error instanceof FerryError || isGrpcCancelledError(error)) return error;
  if (error instanceof NamespaceNotFoundError || causeOf(error) instanceof NamespaceNotFoundError) {
    return new FerryError(
      `Temporal at ${address} has no namespace "${namespace}": set TEMPORAL_NAMESPACE to an existing one, or create it (temporal operator namespace create)`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
  if (error instanceof WorkflowNotFoundError) {
    return new FerryError(`Temporal at ${address} no longer knows ${error.workflowId}: request it again`, {
      code: 'temporal',
      decision: 'block',
      cause: error,
    });
  }
  const grpc = isGrpcServiceError(error) ? error : causeOf(error);
  if (!isGrpcServiceError(grpc)) return error instanceof ServiceError ? away(address, error.message, error) : error;
  if (grpc.code === permissionDenied || grpc.code === unauthenticated) {
    return new FerryError(
      `Temporal at ${address} refused access (${grpc.details}): check TEMPORAL_API_KEY and the TLS settings`,
      { code: 'configuration', decision: 'block', cause: error },
    );
  }
  return away(address, grpc.details, error);
}

function away(address: string, reason: string, cause: unknown): FerryError {
  return new FerryError(
    `Temporal at ${address} stopped answering (${reason}): accepted requests continue when it is back; "ferry status" shows their state`,
    { code: 'temporal', decision: 'retry', cause },
  );
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
