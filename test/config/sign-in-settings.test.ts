import { expect, test } from 'vitest';

import { readServerSettings } from '../../src/config/server-settings.js';

const oidc = {
  FERRY_OIDC_ISSUER: 'https://login.example',
  FERRY_OIDC_CLIENT_ID: 'ferry',
  FERRY_OIDC_OPERATOR_GROUPS: 'Team A, operators',
  FERRY_PUBLIC_URL: 'https://team.example/ferry/',
};

test('the link to sign in is there only on this machine, with nothing configured', () => {
  const byLink = (variables: Record<string, string>): boolean => readServerSettings(variables).signIn.byLink;

  expect(byLink({})).toBe(true);
  expect(byLink({ FERRY_WEBHOOK_SECRET: 'secret' })).toBe(true);
  expect(byLink({ FERRY_WEBHOOK_SECRET: 'secret', FERRY_LISTEN: '0.0.0.0:80' })).toBe(false);
  expect(byLink({ FERRY_API_TOKEN: 'token' })).toBe(false);
  expect(byLink({ FERRY_VIEW_TOKEN: 'token' })).toBe(false);
  expect(byLink(oidc)).toBe(false);
});

test('the path of the public address is the path of the server, and groups may contain blanks', () => {
  const { signIn } = readServerSettings(oidc);

  expect(signIn).toMatchObject({ basePath: '/ferry', publicUrl: 'https://team.example/ferry' });
  expect(signIn.oidc?.operatorGroups).toEqual(['Team A', 'operators']);
});

test.each([
  [{ FERRY_LISTEN: '0.0.0.0:80' }, /no secret is set/],
  [{ FERRY_VIEW_TOKEN: 'a b"' }, /FERRY_VIEW_TOKEN contains a character/],
  [{ FERRY_API_TOKEN: 'one,two', FERRY_VIEW_TOKEN: 'two' }, /FERRY_VIEW_TOKEN contains a token of FERRY_API_TOKEN/],
  [{ FERRY_SESSION_SECRET: 'short' }, /FERRY_SESSION_SECRET has 5 characters/],
  [{ FERRY_PUBLIC_URL: 'team.example' }, /FERRY_PUBLIC_URL is "team.example"/],
  [{ FERRY_BASE_PATH: '/a/../b' }, /FERRY_BASE_PATH is/],
  [{ FERRY_BASE_PATH: '/a', FERRY_PUBLIC_URL: 'https://team.example/b' }, /unset one of them/],
  [{ FERRY_OIDC_CLIENT_ID: 'ferry' }, /FERRY_OIDC_ISSUER is not/],
  [{ ...oidc, FERRY_OIDC_CLIENT_ID: '' }, /FERRY_OIDC_CLIENT_ID is not/],
  [{ ...oidc, FERRY_PUBLIC_URL: '' }, /FERRY_PUBLIC_URL is not/],
  [{ ...oidc, FERRY_OIDC_OPERATOR_GROUPS: '' }, /no group may sign in/],
  [{ ...oidc, FERRY_OIDC_ISSUER: 'login.example' }, /FERRY_OIDC_ISSUER is "login.example"/],
])('a server with %j does not start', (variables, fault) => {
  expect(() => readServerSettings(variables)).toThrow(fault);
});
