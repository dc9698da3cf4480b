import { createServer } from 'node:http';
import type { Server } from 'node:http';

import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { freePort } from '../../support/free-port.js';
import { startConsoleStage } from './console-stage.js';
import type { ConsoleStage } from './console-stage.js';

const groupsOf: Readonly<Record<string, readonly string[]>> = {
  olga: ['team', 'operators'],
  rita: ['team'],
  guest: ['others'],
};
let issuer = '';
let provider: Server;
let stage: ConsoleStage;
let publicUrl = '';

beforeAll(async () => {
  const [issuerPort, port] = [await freePort(), await freePort()];
  issuer = `http://127.0.0.1:${issuerPort}`;
  publicUrl = `http://127.0.0.1:${port}`;
  const oidc = new Provider(issuer, {
    clients: [
      {
        client_id: 'ferry',
        client_secret: 'a secret of the client',
        redirect_uris: [`${publicUrl}/ferry/api/v1/session/oidc/callback`],
      },
    ],
    pkce: { required: () => true },
    cookies: { keys: ['a key of cookies'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: `${id}@team`, groups: [...(groupsOf[id] ?? [])] }),
    }),
  });
  const answer = oidc.callback();
  provider = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => void provider.listen(issuerPort, '127.0.0.1', resolve));
  stage = await startConsoleStage({
    port,
    signIn: {
      basePath: '/ferry',
      publicUrl: new URL(`${publicUrl}/ferry`),
      oidc: {
        issuer,
        clientId: 'ferry',
        clientSecret: 'a secret of the client',
        scope: 'openid profile',
        groupsClaim: 'groups',
        readerGroups: ['team'],
        operatorGroups: ['operators'],
      },
    },
  });
});
afterAll(async () => {
  await stage.clear();
  provider.closeAllConnections();
  await new Promise((resolve) => void provider.close(resolve));
});

/** Follows redirects, with the cookies of each server. */
class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  async open(address: string, init: RequestInit = {}): Promise<{ readonly url: URL; readonly response: Response }> {
    const url = new URL(address);
    const jar = this.#cookies.get(url.origin) ?? new Map<string, string>();
    this.#cookies.set(url.origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      ...(init.body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      cookie,
    };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const location = response.headers.get('location');
    return location === null ? { url, response } : await this.open(new URL(location, url).href);
  }

  /** Signs in at the provider, whose pages have a form for each step. */
  async signIn(user: string): Promise<{ readonly url: URL; readonly response: Response }> {
    let page = await this.open(`${publicUrl}/ferry/api/v1/session/oidc`);
    for (let step = 0; step < 3 && page.url.pathname.startsWith('/interaction/'); step += 1) {
      const prompt = /name="prompt" value="(\w+)"/.exec(await page.response.text())?.[1] ?? '';
      const body = new URLSearchParams({ prompt, ...(prompt === 'login' ? { login: user, password: 'any' } : {}) });
      page = await this.open(page.url.href, { method: 'POST', body: body.toString() });
    }
    return page;
  }

  async session(): Promise<unknown> {
    return await (await this.open(`${publicUrl}/ferry/api/v1/session`)).response.json();
  }
}

test.each([
  ['olga', 'operator'],
  ['rita', 'reader'],
])('%s signs in by OpenID Connect as %s, by the groups of the provider', async (user, role) => {
  const browser = new Browser();
  const page = await browser.signIn(user);

  expect(page.url.href).toBe(`${publicUrl}/ferry/`);
  expect(await browser.session()).toEqual({ role, name: `${user}@team`, way: 'oidc' });
});

test('a user in none of the groups is sent back to the page to sign in, with the reason', async () => {
  const browser = new Browser();
  const page = await browser.signIn('guest');

  expect(page.url.href).toBe(`${publicUrl}/ferry/sign-in?fault=not-allowed`);
  expect(await browser.session()).toMatchObject({ ways: ['token', 'oidc'] });
});

test('a redirect that this browser did not begin signs no one in', async () => {
  const browser = new Browser();
  const callback = `${publicUrl}/ferry/api/v1/session/oidc/callback`;
  const foreign = await browser.open(`${callback}?code=stolen&state=guessed`);
  await fetch(`${publicUrl}/ferry/api/v1/session/oidc`, { redirect: 'manual' });
  const begun = new Browser();
  await begun.open(`${publicUrl}/ferry/api/v1/session/oidc`);
  const wrongState = await begun.open(`${callback}?code=stolen&state=guessed&iss=${encodeURIComponent(issuer)}`);

  expect(foreign.url.search).toBe('?fault=expired');
  expect(wrongState.url.search).toBe('?fault=refused');
  expect(await begun.session()).toMatchObject({ ways: ['token', 'oidc'] });
});

test('a provider that does not answer is said on the page to sign in, and asked again by the next sign-in', async () => {
  const gone = await startConsoleStage({
    signIn: {
      publicUrl: new URL('http://127.0.0.1:1'),
      oidc: {
        issuer: `http://127.0.0.1:${await freePort()}`,
        clientId: 'ferry',
        scope: 'openid',
        groupsClaim: 'groups',
        readerGroups: ['*'],
        operatorGroups: [],
      },
    },
  });
  const response = await gone.call('/api/v1/session/oidc', { redirect: 'manual', token: '' });
  await gone.clear();

  expect(response.headers.get('location')).toBe('/sign-in?fault=unavailable');
});
