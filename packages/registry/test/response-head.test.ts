import { describe, expect, test } from 'vitest';

import { parseResponseHead } from '../src/transport/response-head.js';

const head = (...lines: readonly string[]): string => lines.join('\r\n');

describe('the head of a response', () => {
  test('a response head is parsed into status and fields, with lower-case names and trimmed values', () => {
    const found = parseResponseHead(
      head(
        'HTTP/1.1 200 OK',
        'Content-Type:application/vnd.oci.image.index.v1+json; charset=utf-8',
        'Docker-Content-Digest: \tsha256:00 \t',
        'X-Empty:',
        'X-Latin: ä',
      ),
    );

    expect(found).toEqual({
      statusCode: 200,
      headers: {
        'content-type': 'application/vnd.oci.image.index.v1+json; charset=utf-8',
        'docker-content-digest': 'sha256:00',
        'x-empty': '',
        'x-latin': 'ä',
      },
      keepsConnection: true,
    });
  });

  test.each(['HTTP/1.1 404', 'HTTP/1.1 404 ', 'HTTP/1.1 404 Not Found'])(
    'a response head is parsed with or without a reason phrase: "%s"',
    (line) => {
      expect(parseResponseHead(line)).toEqual({ statusCode: 404, headers: {}, keepsConnection: true });
    },
  );

  test('repeated header fields are joined where the field allows it', () => {
    const found = parseResponseHead(
      head(
        'HTTP/1.1 401 Unauthorized',
        'WWW-Authenticate: Basic realm="a"',
        'Set-Cookie: AWSALB=1',
        'www-authenticate: Bearer realm="b"',
        'Set-Cookie: AWSALBCORS=1',
      ),
    );

    expect(found?.headers).toEqual({
      'www-authenticate': 'Basic realm="a", Bearer realm="b"',
      'set-cookie': ['AWSALB=1', 'AWSALBCORS=1'],
    });
  });

  test.each(['close', 'Close', 'keep-alive, close', 'upgrade'])(
    'a connection is not kept after "Connection: %s"',
    (value) => {
      expect(parseResponseHead(head('HTTP/1.1 200 OK', `Connection: ${value}`))?.keepsConnection).toBe(false);
    },
  );

  test.each([
    ['timeout=0', false],
    ['timeout=1, max=100', false],
    ['timeout=10', true],
    ['max=100', true],
  ])('whether a connection is kept after "Keep-Alive: %s": %s', (value, kept) => {
    expect(parseResponseHead(head('HTTP/1.1 200 OK', `Keep-Alive: ${value}`))?.keepsConnection).toBe(kept);
  });

  test.each(['', 'abc', '-5', '0x10', '5, 5'])(
    'a response head is not parsed directly if its length is "%s"',
    (length) => {
      expect(parseResponseHead(head('HTTP/1.1 200 OK', `Content-Length: ${length}`))).toBeUndefined();
    },
  );

  test.each([
    ['another version', head('HTTP/1.0 200 OK')],
    ['another protocol', head('SSH-2.0-OpenSSH_9.2')],
    ['nothing', ''],
    ['an interim answer', head('HTTP/1.1 103 Early Hints', 'Link: </a>')],
    ['no status', head('HTTP/1.1 OK')],
    ['a folded line', head('HTTP/1.1 200 OK', 'X-Long: a', ' b')],
    ['a space before the colon', head('HTTP/1.1 200 OK', 'Content-Length : 5')],
    ['a line without a colon', head('HTTP/1.1 200 OK', 'Content-Length')],
    ['a line feed alone', 'HTTP/1.1 200 OK\nContent-Length: 5'],
    ['a carriage return in a value', head('HTTP/1.1 200 OK', 'X: a\rb')],
    ['a NUL in a value', head('HTTP/1.1 200 OK', 'X: a\0b')],
    ['two lengths', head('HTTP/1.1 200 OK', 'Content-Length: 5', 'Content-Length: 6')],
    ['two digests', head('HTTP/1.1 200 OK', 'Docker-Content-Digest: a', 'docker-content-digest: b')],
  ])('a response head is not parsed directly if it has %s', (_, text) => {
    expect(parseResponseHead(text)).toBeUndefined();
  });

  test('a long line of spaces is parsed in linear time', () => {
    const spaces = ' '.repeat(16_000);
    expect(parseResponseHead(head('HTTP/1.1 200 OK', `X: a${spaces}\0`))).toBeUndefined();
    expect(parseResponseHead(head('HTTP/1.1 200 OK', `X:${spaces}a${spaces}`))?.headers).toEqual({ x: 'a' });
  });
});
