import type { IncomingHttpHeaders } from 'node:http';

import type { AnswerHead } from './exchange.js';

/** The head of an answer, with its fields by lower-case name, as in node. */
export interface ResponseHead extends AnswerHead {
  /** Whether the connection may be used again. */
  readonly keepsConnection: boolean;
}

const statusLinePattern = /^HTTP\/1\.1 ([2-5]\d\d)(?: .*)?$/;
/** A token (RFC 9110 §5.6.2). */
const fieldNamePattern = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** No field has control characters but the tabulator (RFC 9110 §5.5), and CR and LF only stand together. */
const forbiddenCharacters = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/;
/** A server with a timeout this short may be closing already; node's agent keeps no such connection either. */
const closesSoon = /^timeout=[01](?!\d)/;
/** Fields that contradict themselves if they occur twice. */
const singleFields = new Set([
  'connection',
  'content-length',
  'content-type',
  'docker-content-digest',
  'location',
  'retry-after',
  'transfer-encoding',
]);

/**
 * Reads the lines of a head, without the empty one that ends it.
 *
 * @param text as latin1, lines apart by CRLF
 * @returns undefined where it is not a plain final answer of HTTP/1.1 (RFC 9112 §4, §5): of another version, an interim
 *   one, with folded lines, with bytes that do not belong there, with a length that is no number, or with two words on
 *   what can only be said once
 */
export function parseResponseHead(text: string): ResponseHead | undefined {
  const [statusLine = '', ...lines] = text.split('\r\n');
  const status = statusLinePattern.exec(statusLine)?.[1];
  if (status === undefined || forbiddenCharacters.test(text)) return undefined;
  const headers: IncomingHttpHeaders = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!fieldNamePattern.test(name)) return undefined;
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (name === 'set-cookie') headers[name] = [...(headers[name] ?? []), value];
    else if (before === undefined) headers[name] = value;
    else if (singleFields.has(name)) return undefined;
    else headers[name] = `${String(before)}, ${value}`;
  }
  const { connection = '', 'content-length': length = '0' } = headers;
  if (!/^\d+$/.test(length)) return undefined;
  const keepsConnection = !/\b(close|upgrade)\b/i.test(connection) && !closesSoon.test(String(headers['keep-alive']));
  return { statusCode: Number(status), headers, keepsConnection };
}
