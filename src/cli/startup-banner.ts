import { waysToSetTarget } from '../config/read-config.js';
import type { FerryConfig } from '../config/read-config.js';
import type { ServerSettings } from '../config/server-settings.js';
import type { FerryUp } from '../supervisor/ferry-up.js';

type Settings = Pick<ServerSettings, 'listen' | 'webhookSecret' | 'apiTokens' | 'signIn'>;

/** Lines for the user that list the addresses and folders of what `ferry up` runs. */
export function startupBanner(
  { address, ui, command, server }: Pick<FerryUp, 'address' | 'ui' | 'command' | 'server'>,
  { targets, dataDir, temporal }: Pick<FerryConfig, 'targets' | 'dataDir' | 'temporal'>,
  settings: Settings,
  /** Of the link to sign in to the console; absent: there is none. */
  linkToken?: string,
): readonly string[] {
  return [
    `Temporal: ${address}${ui === undefined ? '' : `, web UI: ${ui}`}${temporal.addressFrom === undefined ? '' : ` (set by ${temporal.addressFrom}; no server is started here)`}`,
    ...(command === undefined ? [] : [`Temporal CLI: ${command}`]),
    ...(server === undefined ? [] : whereServerListens(server, settings, linkToken)),
    targets.length === 0
      ? `Targets: NONE, so that nothing is copied. To copy, ${waysToSetTarget}; then start again. The console's page "Targets" shows the same`
      : `Targets: ${targets.map(({ name, registry }) => `${name} (${registry})`).join(', ')}`,
    `Data and logs: ${dataDir}`,
  ];
}

function whereServerListens(
  address: string,
  { listen, webhookSecret, apiTokens, signIn }: Settings,
  linkToken: string | undefined,
): readonly string[] {
  const consoleUrl = signIn.publicUrl ?? `http://${address}${signIn.basePath}`;
  const link = linkToken === undefined ? '/' : `/api/v1/session/link?token=${linkToken}`;
  const isOpen = webhookSecret !== undefined || apiTokens.length > 0;
  const closed = ' (rejects all requests until FERRY_WEBHOOK_SECRET or FERRY_API_TOKEN is set)';
  const standard = `${listen.host}:${listen.port}`;
  // Only the default address is replaced by another one, and only if it is in use.
  const hasMoved = !listen.isChosen && address !== standard;
  return [
    `Console: ${consoleUrl}${link}${linkToken === undefined ? '' : ' (signs in once)'}`,
    `Webhooks and API: http://${address}${isOpen ? '' : closed}`,
    ...(hasMoved
      ? [
          `note: another program is listening on ${standard}, so this port may change with each start; set FERRY_LISTEN to fix it`,
        ]
      : []),
  ];
}
