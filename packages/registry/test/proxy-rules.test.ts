import { describe, expect, test } from 'vitest';

import { proxyFor } from '../src/transport/proxy-rules.js';

const [plain, secure] = [new URL('http://plain:1'), new URL('http://secure:2')];

function proxyOf(url: string, noProxy = ''): URL | undefined {
  return proxyFor(new URL(url), { http: plain, https: secure, except: noProxy.split(',') });
}

describe('proxy variables', () => {
  test('each scheme has a proxy of its own', () => {
    expect([proxyOf('http://example.com/'), proxyOf('https://example.com/')]).toEqual([plain, secure]);
    expect(proxyFor(new URL('https://example.com/'), { http: plain, except: [] })).toBeUndefined();
  });

  test.each(['https://localhost/', 'http://127.0.0.1:5000/', 'https://[::1]:5000/', 'http://a.localhost/'])(
    '%s is this machine, which is reached without a proxy',
    (url) => {
      expect(proxyOf(url)).toBeUndefined();
    },
  );

  test.each([
    ['*', 'example.com', false],
    ['example.com', 'example.com', false],
    ['example.com', 'registry.example.com', false],
    ['example.com', 'notexample.com', true],
    ['.example.com', 'registry.example.com', false],
    ['.example.com', 'example.com', true],
    ['*.example.com', 'a.b.example.com', false],
    ['EXAMPLE.com', 'Example.COM', false],
    ['example.com:5000', 'example.com:5000', false],
    ['example.com:5000', 'example.com', true],
    ['example.com:443', 'example.com', false],
    ['.example.com:5000', 'registry.example.com:5000', false],
    ['10.0.0.0/8', '10.1.2.3', false],
    ['10.0.0.0/8', '11.1.2.3', true],
    ['10.0.0.0/8', 'ten.example.com', true],
    ['10.0.0.0/99', '10.1.2.3', true],
    ['fd00::/8', '[fd00::1]:5000', false],
    ['192.168.1.5', '192.168.1.5:5000', false],
    ['192.168.1.5:80', '192.168.1.5:5000', true],
    ['[fd00::1]:5000', '[fd00::1]:5000', false],
    ['other.org, example.com', 'example.com', false],
    ['', 'example.com', true],
  ])('NO_PROXY=%s, %s: through the proxy %s', (noProxy, host, expected) => {
    expect(proxyOf(`https://${host}/`, noProxy) !== undefined).toBe(expected);
  });
});
