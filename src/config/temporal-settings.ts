import { loadClientConnectConfig } from '@temporalio/envconfig';

import { errorMessage } from '../domain/error-message.js';
import { InvalidInput } from '../domain/ferry-error.js';
import type { Environment } from './environment.js';

/** Where Temporal listens by default. */
export const defaultTemporalAddress = '127.0.0.1:7233';

/** Temporal's address and credentials, from its own variables and configuration file. */
export interface TemporalSettings {
  /** Absent: the server that `ferry up` runs on this machine, else {@link defaultTemporalAddress}. */
  readonly address?: string;
  /** Where the address was configured, for messages. */
  readonly addressFrom?: string;
  /** What to do if the server does not answer. */
  readonly advice?: string | undefined;
  readonly namespace: string;
  /** TLS, API key and metadata, in the form that Temporal's client and worker take. */
  readonly connection: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

/**
 * Empty variables are dropped first: the library takes `TEMPORAL_API_KEY=""`, as compose files write it, for a key and
 * enables TLS.
 *
 * @throws InvalidInput if a named profile or file does not exist
 */
export function readTemporalSettings(environment: Environment): TemporalSettings {
  const variables = environment.present();
  const key = environment.value('TEMPORAL_API_KEY');
  try {
    const { connectionOptions, namespace } = loadClientConnectConfig({
      overrideEnvVars: key === undefined ? variables : { ...variables, TEMPORAL_API_KEY: key },
    });
    assertAddress(connectionOptions.address);
    return {
      ...addressPart(connectionOptions.address, variables),
      namespace: namespace ?? 'default',
      connection: connectionOptions,
    };
  } catch (error) {
    if (error instanceof InvalidInput) throw error;
    const reason = errorMessage(error);
    throw new InvalidInput(`Temporal's settings are invalid: ${reason}`, 'configuration');
  }
}

function addressPart(
  address: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Pick<TemporalSettings, 'address' | 'addressFrom' | 'advice'> {
  if (address === undefined) return {};
  const isVariable = variables['TEMPORAL_ADDRESS'] !== undefined;
  const addressFrom = isVariable ? 'TEMPORAL_ADDRESS' : "Temporal's configuration file";
  const remove = isVariable ? 'unset TEMPORAL_ADDRESS' : 'remove the address from that file';
  return {
    address,
    addressFrom,
    advice: `${addressFrom} sets this address: start that server or correct the address. To let "ferry up" run Temporal here, ${remove}`,
  };
}

/** Users copy the address of Temporal's web UI. */
function assertAddress(address: string | undefined): void {
  if (address === undefined || !/^https?:\/\//i.test(address)) return;
  throw new InvalidInput(
    `TEMPORAL_ADDRESS is "${address.slice(0, 80)}": expected host:port without http:// or https://, such as ${defaultTemporalAddress}`,
    'configuration',
  );
}
