import type { ImageFilter } from '../../domain/image-filter.js';
import { visibleJson, visibleLines } from '../../domain/visible-text.js';
import type { ReadDatabase } from '../read-database.js';

const pageSize = 1_000;
const columns = [
  'image',
  'platform',
  'state',
  'code',
  'reason',
  'requestedBy',
  'requestedAt',
  'checkedAt',
  'sourceDigest',
  'copies',
] as const;

type Entry = Awaited<ReturnType<Parameters<Parameters<ReadDatabase>[0]>[0]['images']['list']>>['items'][number];

interface Export {
  readonly format: 'csv' | 'json';
  readonly filter: ImageFilter;
  readonly readDatabase: ReadDatabase;
}

/** Streams all images of a filter as a file, a page at a time: memory does not grow with their number. */
export function exportImages({ format, filter, readDatabase }: Export): Response {
  const entries = pages(filter, readDatabase);
  const text = format === 'csv' ? csv(entries) : jsonArray(entries);
  return new Response(streamOf(encoded(text)), {
    headers: {
      'content-type': format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json',
      'content-disposition': `attachment; filename="images.${format}"`,
    },
  });
}

/** Reads on when the client has taken what was read. */
function streamOf(parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await parts.return(undefined);
    },
  });
}

async function* pages(filter: ImageFilter, readDatabase: ReadDatabase): AsyncGenerator<readonly Entry[]> {
  const order = { sort: 'added', order: 'asc', limit: pageSize } as const;
  for (let after: { readonly value: string | number | null; readonly id: number } | undefined; ;) {
    const place = after;
    const page = await readDatabase(async ({ images }) => await images.list(filter, { ...order, after: place }));
    yield page.items;
    if (page.next === undefined) return;
    after = page.next;
  }
}

async function* csv(entries: AsyncIterable<readonly Entry[]>): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`;
  for await (const page of entries) {
    yield page.map((entry) => `${columns.map((column) => field(valueOf(entry, column))).join(',')}\r\n`).join('');
  }
}

async function* jsonArray(entries: AsyncIterable<readonly Entry[]>): AsyncGenerator<string> {
  let before = '[';
  for await (const page of entries) {
    if (page.length === 0) continue;
    yield before + visibleJson(page.map((entry) => JSON.stringify(entry)).join(',\n'));
    before = ',\n';
  }
  yield before === '[' ? '[]' : ']';
}

async function* encoded(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const text of texts) yield encoder.encode(text);
}

function valueOf(entry: Entry, column: (typeof columns)[number]): string {
  switch (column) {
    case 'requestedAt':
    case 'checkedAt': {
      const time = entry[column];
      return time === undefined ? '' : new Date(time).toISOString();
    }
    case 'requestedBy':
      return [entry.requestedBy?.by, entry.requestedBy?.id].filter((part) => part !== undefined).join(' ');
    case 'copies':
      return entry.copies.map(({ target, state }) => `${target}: ${state}`).join('; ');
    default:
      return entry[column] ?? '';
  }
}

/** RFC 4180. A value that a spreadsheet would take for a formula begins with an apostrophe. */
function field(value: string): string {
  const safe = visibleLines(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
