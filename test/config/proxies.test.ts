import { describe, expect, test } from 'vitest';

import { Environment } from '../../src/config/environment.js';
import { proxiesOf } from '../../src/config/proxies.js';

function read(variables: Readonly<Record<string, string>>) {
  const { http, https, except } = proxiesOf(new Environment(variables));
  return { http: http?.href, https: https?.href, except };
}

describe('the proxies of the environment', () => {
  test.each([
    [{ HTTP_PROXY: 'http://a:1', HTTPS_PROXY: 'http://b:2' }, 'http://a:1/', 'http://b:2/'],
    [{ http_proxy: 'a:1', https_proxy: 'b:2' }, 'http://a:1/', 'http://b:2/'],
    [{ HTTP_PROXY: 'http://a:1', http_proxy: 'http://c:3' }, 'http://a:1/', undefined],
    [{ ALL_PROXY: 'https://all:1', HTTP_PROXY: 'http://a:1' }, 'http://a:1/', 'https://all:1/'],
    [{ HTTPS_PROXY: '' }, undefined, undefined],
  ])('the proxy variables %j are read', (variables, http, https) => {
    expect(read(variables)).toMatchObject({ http, https });
  });

  test('NO_PROXY is a list separated by commas or white space', () => {
    expect(read({ no_proxy: 'localhost, .example.com 10.0.0.0/8' }).except).toEqual([
      'localhost',
      '.example.com',
      '10.0.0.0/8',
    ]);
  });

  test('all invalid proxies are reported at once by their variables, without passwords', () => {
    const wrong = () => read({ HTTPS_PROXY: 'socks5://me:secret@a:1', http_proxy: 'http://me:secret@' });

    expect(wrong).toThrow(/HTTPS_PROXY is a socks5:/);
    expect(wrong).toThrow(/http_proxy is not a valid proxy address/);
    expect(wrong).not.toThrow(/secret/);
  });

  test('an invalid percent-encoding in a proxy password is reported when the configuration is read', () => {
    const wrong = () => read({ HTTPS_PROXY: 'http://me:%zzsecret@a:1' });

    expect(wrong).toThrow(/HTTPS_PROXY has an invalid percent-encoding/);
    expect(wrong).not.toThrow(/secret/);
  });
});
