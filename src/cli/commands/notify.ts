import { userInfo } from 'node:os';

import { openNotifications } from '../../composition/notification-parts.js';
import { readBaseConfig } from '../../config/base-config.js';
import { readConfig } from '../../config/read-config.js';
import type { NotificationEntry } from '../../database/notification-rows.js';
import { NotificationStore } from '../../database/notification-store.js';
import { InvalidInput } from '../../domain/ferry-error.js';
import { ExitStatus } from '../exit-status.js';
import { localTime } from '../local-time.js';
import { printJson, printLine, printMessage, printTable } from '../output.js';
import { withReadOnlyDatabase } from '../with-read-only-database.js';
import { withStores } from '../with-stores.js';

export interface NotifyOptions {
  readonly channel?: string | undefined;
  readonly failed?: boolean;
  readonly limit?: string | undefined;
  readonly json?: boolean;
}

const testTimeoutMs = 120_000;
const mostRows = 10_000;

/** Sends a test message from this process and prints the platform's answer. */
export async function notifyTestCommand(channel: string, { json = false }: NotifyOptions): Promise<number> {
  const config = readConfig(process.env);
  const result = await withStores(
    config,
    async (stores) =>
      await openNotifications(config, stores).test(
        channel,
        `${userInfo().username} (ferry notify test)`,
        AbortSignal.timeout(testTimeoutMs),
      ),
    { creates: true },
  );
  const isSent = result.outcome === 'sent';
  if (json) printJson({ channel, ...result });
  else if (isSent) printLine(`${channel}: sent (${result.answer})`);
  else printMessage(`${channel}: not sent, ${result.outcome}: ${result.answer}`);
  return isSent ? ExitStatus.done : ExitStatus.failed;
}

/** Prints the latest messages, the newest first. */
export async function notifyLogCommand(options: NotifyOptions): Promise<number> {
  const { channel, failed = false, json = false } = options;
  const limit = readLimit(options.limit ?? '50');
  const { items } = await withReadOnlyDatabase(
    readBaseConfig(process.env),
    async (database) => await new NotificationStore(database).list({ channel, failed, limit }),
  );
  if (json) {
    printJson({ notifications: items.map(inIso) });
    return ExitStatus.done;
  }
  if (items.length === 0) {
    printLine(failed ? 'no message has failed' : 'no messages yet: "ferry notify test CHANNEL" sends one');
    return ExitStatus.done;
  }
  printTable(
    ['ID', 'CREATED', 'CHANNEL', 'KIND', 'STATE', 'ATTEMPTS', 'MESSAGE'],
    items.map((entry) => [
      String(entry.id),
      localTime(entry.createdAt),
      entry.channel,
      entry.kind,
      entry.digest === undefined ? entry.state : `in ${entry.digest}`,
      String(entry.attempts),
      entry.error === undefined ? entry.title : `${entry.title} (${entry.error})`,
    ]),
  );
  return ExitStatus.done;
}

/** Sets a message pending again; the worker sends it with the ID that it had. */
export async function notifyRedeliverCommand(text: string, { json = false }: NotifyOptions): Promise<number> {
  const id = Number(text);
  if (!/^\d{1,15}$/.test(text)) {
    throw new InvalidInput(`"${text.slice(0, 40)}" is not an ID: "ferry notify log" shows them`, 'configuration');
  }
  const isPending = await withStores(
    readBaseConfig(process.env),
    async ({ notifications }) => await notifications.redeliver(id),
  );
  if (isPending === undefined) {
    throw new InvalidInput(`there is no message ${id}: "ferry notify log" shows the IDs`, 'configuration');
  }
  if (json) printJson({ id, redelivered: isPending });
  else
    printLine(isPending ? `${id}: the worker sends it again within 10 s` : `${id}: it is waiting to be sent already`);
  return ExitStatus.done;
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= mostRows) return limit;
  throw new InvalidInput(`--limit is "${text.slice(0, 40)}": expected a number from 1 to ${mostRows}`, 'configuration');
}

function inIso({ createdAt, sentAt, ...entry }: NotificationEntry) {
  const iso = (at: number): string => new Date(at).toISOString();
  return { ...entry, createdAt: iso(createdAt), sentAt: sentAt === undefined ? undefined : iso(sentAt) };
}
