import type { Direction, Exchange } from './line.js';

type OpenExchange = { -readonly [field in keyof Exchange]: Exchange[field] } & { bytes: Record<Direction, number> };

/** The exchanges of all connections of a line. */
export interface ExchangeLog {
  /** @returns what notes the bytes of one more connection. Times are `performance.now()`. */
  open(openedAt: number): ConnectionLog;
  all(): readonly Exchange[];
  clear(): void;
}

export interface ConnectionLog {
  sent(chunk: Buffer, at: number): void;
  answered(bytes: number): void;
}

const requestLine = /^([A-Z]+) ([^ ?\r\n]+)[^ \r\n]* HTTP\/1\.[01]\r\n/;
/** More is no request line of a registry's client. */
const requestLineBytes = 2048;

export function exchangeLog(): ExchangeLog {
  let exchanges: OpenExchange[] = [];
  let connections = 0;
  return {
    open(openedAt) {
      connections += 1;
      const connection = connections;
      let current: OpenExchange | undefined;
      return {
        sent(chunk, at) {
          if (current === undefined || current.answeredAt !== undefined) {
            current = {
              connection,
              openedAt: epochOf(openedAt),
              sentAt: epochOf(at),
              bytes: { up: 0, down: 0 },
              request: requestOf(chunk),
            };
            exchanges.push(current);
          }
          current.bytes.up += chunk.length;
        },
        answered(bytes) {
          if (current === undefined) return;
          const now = epochOf(performance.now());
          current.answeredAt ??= now;
          current.endedAt = now;
          current.bytes.down += bytes;
        },
      };
    },
    all: () => exchanges.map((exchange) => ({ ...exchange, bytes: { ...exchange.bytes } })),
    clear() {
      exchanges = [];
    },
  };
}

function epochOf(time: number): number {
  return performance.timeOrigin + time;
}

function requestOf(chunk: Buffer): string | undefined {
  const [, method, path] = requestLine.exec(chunk.toString('latin1', 0, requestLineBytes)) ?? [];
  return method === undefined ? undefined : `${method} ${path}`;
}
