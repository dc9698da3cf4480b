import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { ScriptedRegistry, answerError } from '../../../test/support/scripted-registry.js';
import type { Exchange } from '../../../test/support/scripted-registry.js';
import { listTags } from '../src/list-tags.js';
import { createRegistryClient } from '../src/registry-client.js';
import type { RegistryClient } from '../src/registry-client.js';

const path = 'prometheus/prometheus';

describe('the tags of a repository', () => {
  let registry: ScriptedRegistry;
  let client: RegistryClient;

  beforeEach(async () => {
    registry = await ScriptedRegistry.start();
    client = createRegistryClient({
      credentials: async () => undefined,
      trustedHosts: new Set([registry.host]),
      timing: { backoffMs: 1 },
    });
  });
  afterEach(async () => {
    client.close();
    await registry.stop();
  });

  const list = async () => await listTags(client, { host: registry.host, path });
  const answer = (body: string, link?: string) => (exchange: Exchange) => {
    exchange.response.writeHead(200, {
      'content-type': 'application/json',
      ...(link === undefined ? {} : { link }),
    });
    exchange.response.end(body);
  };
  const pageOf = (tags: readonly string[]) => JSON.stringify({ name: path, tags });

  test('listTags lists tags that fit on one page', async () => {
    registry.when('GET', /tags\/list\?n=1000$/, answer(pageOf(['v1', 'v2'])));

    expect(await list()).toEqual(['v1', 'v2']);
  });

  test.each([
    ['a relative address', () => `</v2/${path}/tags/list?last=v2&n=2>; rel="next"`],
    ['an absolute address', () => `<${registry.url}/v2/${path}/tags/list?last=v2&n=2>; rel="next"`],
    ['an address on another server', () => `<https://192.0.2.1/v2/other/tags/list?last=v2&n=2>; rel=next`],
  ])('tags are listed over pages that are named by %s', async (_what, link) => {
    registry.when('GET', /tags\/list\?n=1000$/, answer(pageOf(['v1', 'v2']), link()));
    registry.when('GET', /tags\/list\?last=v2&n=2$/, answer(pageOf(['v3'])));

    expect(await list()).toEqual(['v1', 'v2', 'v3']);
  });

  test.each([
    [`<?last=v1>; rel='next'`],
    [`<?last=v1> ; REL = "Next"`],
    [`<?last=v1>; title="more, and more; rel=prev"; rel=next`],
    [`<?last=v1>;rel="last next"`],
    [`<?last=v0>; rel="prev", <?last=v0,v5>; rel="nextish"; crossorigin, <?last=v1>; rel="next"`],
    [`/v2/${path}/tags/list?last=v1; rel="next"`],
    [` ?last=v1 ; rel=next`],
  ])('tags are listed over pages with each form of the Link header: %s', async (link) => {
    registry.when('GET', /n=1000$/, answer(pageOf(['v1']), link));
    registry.when('GET', /last=v1$/, answer(pageOf(['v2'])));

    expect(await list()).toEqual(['v1', 'v2']);
  });

  test("tags are listed over Quay's pages, whose URLs contain a marker of its own", async () => {
    registry.when(
      'GET',
      /n=1000$/,
      answer(pageOf(['v1']), `</v2/${path}/tags/list?n=50&next_page=gAAA%3D>; rel="next"`),
    );
    registry.when('GET', /next_page=gAAA%3D$/, answer(pageOf(['v2'])));

    expect(await list()).toEqual(['v1', 'v2']);
  });

  test.each([
    [400, 'PAGINATION_NUMBER_INVALID'],
    [400, 'UNSUPPORTED'],
    [413, 'SIZE_INVALID'],
    [416, 'UNKNOWN'],
    [422, 'UNKNOWN'],
    [500, 'UNKNOWN'],
  ])('tags are requested without a page size if the registry refuses that one: %d %s', async (status, code) => {
    registry.when('GET', /tags\/list\?last=v2$/, answer(pageOf(['v3'])));
    registry.when('GET', /tags\/list$/, answer(pageOf(['v1', 'v2']), `</v2/${path}/tags/list?last=v2>; rel="next"`));
    registry.when('GET', /n=1000$/, ({ response }) => answerError(response, status, code, 'the page is too large'));

    expect(await list()).toEqual(['v1', 'v2', 'v3']);
  });

  test('tags that are denied are not requested twice', async () => {
    registry.when('GET', /tags/, ({ response }) => answerError(response, 403, 'DENIED', 'no'));

    await expect(list()).rejects.toMatchObject({ code: 'denied' });
    expect(registry.requests).toHaveLength(1);
  });

  test("the list of tags ends if the registry's pages form a loop", async () => {
    registry.when('GET', /tags\/list/, answer(pageOf(['v1']), `</v2/${path}/tags/list?n=1000>; rel="next"`));

    expect(await list()).toEqual(['v1']);
  });

  test.each([
    ['bytes', ['x'.repeat(7_000_000)]],
    ['tags', Array.from({ length: 90_000 }, (_, n) => `v${n}`)],
  ])('the list of tags has a maximum, even if a registry sends page after page: number of %s', async (unit, tags) => {
    let page = 0;
    registry.when('GET', /tags\/list/, (exchange) => answer(pageOf(tags), `<?last=${++page}>; rel="next"`)(exchange));

    const listing = list();

    await expect(listing).rejects.toMatchObject({ code: 'protocol', decision: 'block' });
    await expect(listing).rejects.toThrow(new RegExp(`no end after \\d+ ${unit}`));
    expect(page).toBeLessThan(10);
  });

  test('listTags returns an empty list for a repository without tags', async () => {
    registry.when('GET', /tags\/list/, answer(JSON.stringify({ name: path, tags: null })));

    expect(await list()).toEqual([]);
  });

  test('the tags of a missing repository are an error that needs a person', async () => {
    registry.when('GET', /tags\/list/, ({ response }) => {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"errors":[{"code":"NAME_UNKNOWN"}]}');
    });

    await expect(list()).rejects.toMatchObject({ code: 'repository-missing', decision: 'block' });
    await expect(list()).rejects.toThrow(`source ${registry.host}/${path}: it does not have this repository`);
  });

  test.each([['<html></html>'], ['[]'], ['{"tags":[1]}'], ['{}']])(
    'an answer of %s is not a list of tags and causes an error',
    async (body) => {
      registry.when('GET', /tags\/list/, answer(body));

      await expect(list()).rejects.toMatchObject({ code: 'protocol', decision: 'block' });
    },
  );
});
