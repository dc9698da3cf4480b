import type { FerryConfig } from '../config/read-config.js';
import type { ServerSettings } from '../config/server-settings.js';
import type { FerryUp } from '../supervisor/ferry-up.js';

type Settings = Pick<ServerSettings, 'listen' | 'webhookSecret' | 'apiTokens'>;

/** Where everything is that `ferry up` runs: lines for people. */
export function startupBanner(
  { address, ui, command, server }: Pick<FerryUp, 'address' | 'ui' | 'command' | 'server'>,
  { targets, dataDir, temporal }: Pick<FerryConfig, 'targets' | 'dataDir' | 'temporal'>,
  settings: Settings,
): readonly string[] {
  return [
    `Temporal: ${address}${ui === undefined ? '' : `, its pages: ${ui}`}${temporal.addressFrom === undefined ? '' : `, which ${temporal.addressFrom} names: none is started here`}`,
    ...(command === undefined ? [] : [`The temporal command: ${command}`]),
    ...(server === undefined ? [] : whereServerListens(server, settings)),
    `Targets: ${targets.map(({ name, registry }) => `${name} (${registry})`).join(', ')}`,
    `Data and logs: ${dataDir}`,
  ];
}

function whereServerListens(address: string, { listen, webhookSecret, apiTokens }: Settings): readonly string[] {
  const isOpen = webhookSecret !== undefined || apiTokens.length > 0;
  const closed = ', which lets nobody in until FERRY_WEBHOOK_SECRET or FERRY_API_TOKEN is set';
  const standard = `${listen.host}:${listen.port}`;
  // Only an address that nobody chose is given up for another one, and only where it is taken.
  const hasMoved = !listen.isChosen && address !== standard;
  return [
    `Webhooks and API: http://${address}${isOpen ? '' : closed}`,
    ...(hasMoved
      ? [
          `note: another program listens on ${standard}, so this port may be another one at each start; FERRY_LISTEN fixes it`,
        ]
      : []),
  ];
}
