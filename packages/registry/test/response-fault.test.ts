import { describe, expect, test } from 'vitest';

import type { RepositoryRef } from '../src/repository-ref.js';
import { responseFault } from '../src/transport/response-fault.js';

const target: RepositoryRef = {
  side: 'target',
  host: 'registry.cn-hangzhou.aliyuncs.com',
  repository: 'team/app',
  name: 'aliyun',
};
const source: RepositoryRef = { side: 'source', host: 'docker.io', repository: 'library/app' };

function faultOf(repo: RepositoryRef, status: number, body: string, headers = {}) {
  return responseFault({ statusCode: status, headers }, Buffer.from(body), {
    repo,
    method: 'PUT',
    resource: 'manifest',
    what: 'PUT manifest v1',
  });
}

function errorBody(code: string, message: string, detail?: unknown): string {
  return JSON.stringify({ errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] });
}

describe('refusals of Alibaba Cloud ACR', () => {
  const access = [{ Type: 'repository', Class: '', Name: 'team/app', Action: 'push' }];

  test.each([
    ['a wrong user or password', 401, 'UNAUTHORIZED', 'authentication required', access, 'unauthorized', 'block'],
    ['no right, no namespace', 403, 'DENIED', 'requested access to the resource is denied', {}, 'denied', 'block'],
    [
      'an attestation as an artifact',
      403,
      'DENIED',
      'unknown manifest class for application/vnd.oci.empty.v1+json',
      undefined,
      'manifest-refused',
      'block',
    ],
    [
      'a chart',
      403,
      'DENIED',
      'unknown manifest class for application/vnd.cncf.helm.config.v1+json',
      undefined,
      'manifest-refused',
      'block',
    ],
    ['no room for a repository', 403, 'DENIED', 'the repository quota is exceeded', undefined, 'quota', 'block'],
    ['three levels', 400, 'NAME_INVALID', 'invalid repository name', undefined, 'target-name', 'block'],
    ['a form of manifest', 400, 'MANIFEST_INVALID', 'manifest invalid', {}, 'manifest-refused', 'block'],
    ['a tag that is fixed', 403, 'DENIED', 'the tag v1 is immutable', undefined, 'tag-immutable', 'block'],
    ['too many requests', 429, 'TOOMANYREQUESTS', 'too many requests', undefined, 'rate-limited', 'wait'],
    ['slow storage', 500, 'UNKNOWN', 'unknown error', {}, 'server-error', 'retry'],
  ])('a refusal of Alibaba Cloud ACR is classified: %s', (_what, status, code, message, detail, expected, decision) => {
    const fault = faultOf(target, status, errorBody(code, message, detail));

    expect(fault).toMatchObject({ code: expected, decision, status });
    expect(fault.message).toContain(message);
  });

  test.each([
    ['by its challenge', '', { 'www-authenticate': 'Bearer realm="https://auth/",error="insufficient_scope"' }],
    ['by its words', errorBody('DENIED', 'requested access to the resource is denied'), {}],
  ])(
    'a missing permission that is reported %s with 401 is not classified as a wrong password',
    (_how, body, headers) => {
      const fault = faultOf(target, 401, body, headers);

      expect(fault).toMatchObject({ code: 'denied', decision: 'block' });
      expect(fault.message).toMatch(/may not write there, the namespace is missing/);
      expect(faultOf(source, 401, body, headers).code).toBe('unauthorized');
    },
  );

  test('a gateway timeout is not blamed on the image', () => {
    const fault = faultOf(target, 504, '<html><body><h1>504 Gateway Time-out</h1></body></html>');

    expect(fault).toMatchObject({ code: 'server-error', decision: 'retry' });
  });
});

test('an error code of a registry is shown like its other text: in one line, cut, without a token', () => {
  const fault = faultOf(target, 400, errorBody(`\u001b[2J Bearer abcdefgh12345678 ${'X'.repeat(100_000)}`, 'no'));

  expect(fault.message.length).toBeLessThan(1_000);
  expect(fault.message).not.toContain('\u001b');
  expect(fault.message).not.toContain('abcdefgh12345678');
});

test('an unexpected redirect is reported with its location, without the query', () => {
  const location = 'https://registry.example.com/v2/team/app/blobs/uploads/?session=secret';
  const fault = faultOf(target, 301, '', { location });

  expect(fault).toMatchObject({ code: 'protocol', decision: 'block' });
  expect(fault.message).toContain('points to https://registry.example.com/v2/team/app/blobs/uploads/?…');
  expect(faultOf(target, 302, '', { location: 'http://[' }).message).toContain('is this a container registry?');
});

describe('rate limits and quotas', () => {
  test.each([
    [403, 'Rate limit exceeded for this address'],
    [503, 'request rate limit exceeded'],
    [400, 'TooManyRequestsException: Rate exceeded, throttled'],
  ])('a rate limit is waited for, also with the status %d', (status, words) => {
    for (const repo of [source, target]) {
      expect(faultOf(repo, status, words)).toMatchObject({ code: 'rate-limited', decision: 'wait' });
    }
  });

  test.each([
    [412, 'Quota exceeded when processing the request', 'quota'],
    [403, 'adding 5 MiB of storage, which when updated to 12 MiB will exceed the configured upper limit', 'quota'],
    [503, 'connection limit exceeded', 'server-error'],
    [500, 'the cache is immutable', 'server-error'],
    [500, 'write: no space left on device', 'target-full'],
  ])('the answer %d "%s" is classified as %s', (status, words, code) => {
    const fault = faultOf(target, status, words);

    expect(fault.code).toBe(code);
  });
});

test.each([
  ['envoyproxy/ratelimit', 401, 'UNAUTHORIZED', 'authentication required', 'unauthorized'],
  ['envoyproxy/ratelimit', 403, 'DENIED', 'requested access to the resource is denied', 'denied'],
  ['team/quota-operator', 403, 'DENIED', 'requested access to the resource is denied', 'denied'],
  ['throttler', 404, 'NAME_UNKNOWN', 'repository name not known to registry', 'repository-missing'],
])('the repository name %s does not change how a %d is classified', (repository, status, code, message, expected) => {
  for (const repo of [source, target]) {
    const fault = faultOf({ ...repo, repository }, status, errorBody(code, message, [{ Name: repository }]));

    expect(fault).toMatchObject({ code: expected, decision: 'block' });
    expect(fault.message).toContain(repository);
  }
});

test.each([
  ['0', 1_000],
  ['99999999999999999999', 86_400_000],
  ['Fri, 31 Dec 2300 23:59:59 GMT', 86_400_000],
  ['Mon, 01 Jan 1990 00:00:00 GMT', 1_000],
  ['880µs', undefined],
])('Retry-After: %s waits %d ms', (header, expected) => {
  const fault = faultOf(source, 429, '', { 'retry-after': header });

  expect(fault.retryAfterMs).toBe(expected);
});

test.each(['Wed, 21 Oct 2015 07:28:00 GMT', 'Tue, 21 Oct 2115 07:28:00 GMT'])(
  "a Retry-After date is compared with the registry's own clock, even if that says %s",
  (clock) => {
    const inTwoMinutes = new Date(Date.parse(clock) + 120_000).toUTCString();

    const fault = faultOf(source, 503, '', { 'retry-after': inTwoMinutes, date: clock });

    expect(fault.retryAfterMs).toBe(120_000);
  },
);

describe('explanations that depend on the request', () => {
  function faultTo(
    request: Pick<Parameters<typeof responseFault>[2], 'method' | 'resource' | 'isElsewhere'>,
    {
      repo = target,
      status,
      body = '',
    }: { readonly repo?: RepositoryRef; readonly status: number; readonly body?: string },
  ) {
    return responseFault({ statusCode: status, headers: {} }, Buffer.from(body), { repo, what: 'it', ...request });
  }

  test('a target that refuses a read is not reported to refuse writes', () => {
    const fault = faultTo({ method: 'GET', resource: 'manifest' }, { status: 403 });

    expect(fault).toMatchObject({ code: 'denied', decision: 'block' });
    expect(fault.message).toContain('the account may not read this repository');
    expect(fault.message).not.toContain('write');
  });

  test.each([401, 403])(
    'a refusal of another origin (%d) does not advise to check the password, which is not sent there',
    (status) => {
      const { message } = faultTo({ method: 'POST', resource: 'upload', isElsewhere: true }, { status });

      expect(message).toContain('to another origin, where no user and password are sent');
      expect(message).not.toMatch(/check the user|may not write/);
    },
  );

  test.each([
    ['POST', 'upload'],
    ['PATCH', 'upload'],
    ['PUT', 'manifest'],
  ] as const)('a conflict at a target is temporary, and %s of %s is retried', (method, resource) => {
    expect(faultTo({ method, resource }, { status: 409 })).toMatchObject({ code: 'server-error', decision: 'retry' });
  });

  test.each([
    ['Nexus', 400, 'UNKNOWN', 'Repository does not allow updating assets: docker-hosted'],
    ['Artifact Registry', 400, 'MANIFEST_INVALID', 'The repository has enabled tag immutability, cannot update tag v1'],
  ])('the immutable tag message of %s is recognized', (_, status, code, message) => {
    const body = errorBody(code, message);

    expect(faultTo({ method: 'PUT', resource: 'manifest' }, { status, body })).toMatchObject({ code: 'tag-immutable' });
  });

  test('Harbor names several actions when the push permission is missing', () => {
    const body = errorBody('UNAUTHORIZED', 'unauthorized to access repository: a/b, action: pull,push');

    expect(faultTo({ method: 'POST', resource: 'upload' }, { status: 401, body })).toMatchObject({ code: 'denied' });
  });

  test.each([404, 405, 410, 412, 204])(
    'an answer of a token service (%d) is not blamed on the repository',
    (status) => {
      const fault = faultTo({ method: 'GET', resource: 'token' }, { status });

      expect(fault).toMatchObject({ code: 'protocol', decision: 'block' });
      expect(fault.message).toContain('as its token service, and it gives no token');
    },
  );

  test.each([423, 451])('a manifest that a rule protects from being read (%d) is blocked as denied', (status) => {
    const fault = faultTo({ method: 'GET', resource: 'manifest' }, { repo: source, status, body: 'for legal reasons' });

    expect(fault).toMatchObject({ code: 'denied', decision: 'block' });
    expect(fault.message).toContain('for legal reasons');
  });

  test('a registry that requires a payment is reported with that reason', () => {
    const fault = faultTo({ method: 'GET', resource: 'blob' }, { repo: source, status: 402 });

    expect(fault).toMatchObject({ code: 'denied', decision: 'block' });
    expect(fault.message).toContain('payment');
  });
});
