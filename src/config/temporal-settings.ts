import { loadClientConnectConfig } from '@temporalio/envconfig';

import { InvalidInput } from '../domain/ferry-error.js';
import type { Environment } from './environment.js';

/** Where Temporal is, by its own variables and its own configuration file. */
export interface TemporalSettings {
  /** Absent: the one that `ferry up` runs on this machine, else 127.0.0.1:7233. */
  readonly address?: string;
  /** What names the address, for people. */
  readonly addressFrom?: string;
  /** What to do when nothing answers there. */
  readonly advice?: string;
  readonly namespace: string;
  /** TLS, API key and the like, as Temporal's client and worker take them. */
  readonly connection: ReturnType<typeof loadClientConnectConfig>['connectionOptions'];
}

/**
 * Empty variables are dropped first: the library takes `TEMPORAL_API_KEY=""`, as compose files write it, for a key and
 * switches TLS on.
 *
 * @throws InvalidInput when a named profile or file is not there
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
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidInput(`Temporal's settings cannot be used: ${reason}`, 'configuration');
  }
}

function addressPart(
  address: string | undefined,
  variables: Readonly<Record<string, string | undefined>>,
): Pick<TemporalSettings, 'address' | 'addressFrom' | 'advice'> {
  if (address === undefined) return {};
  const isVariable = variables['TEMPORAL_ADDRESS'] !== undefined;
  const addressFrom = isVariable ? 'TEMPORAL_ADDRESS' : "Temporal's configuration file";
  const remove = isVariable ? 'unset TEMPORAL_ADDRESS' : 'take the address out of that file';
  return {
    address,
    addressFrom,
    advice: `${addressFrom} names this address: start that server, or correct the address; to let "ferry up" run Temporal here, ${remove}`,
  };
}

/** People copy the address of Temporal's pages. */
function assertAddress(address: string | undefined): void {
  if (address === undefined || !/^https?:\/\//i.test(address)) return;
  throw new InvalidInput(
    `TEMPORAL_ADDRESS is "${address.slice(0, 80)}": expected host:port without http:// or https://, like 127.0.0.1:7233`,
    'configuration',
  );
}
