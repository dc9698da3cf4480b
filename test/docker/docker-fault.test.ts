import { describe, expect, test } from 'vitest';

import { dockerFault } from '../../src/docker/docker-fault.js';
import type { DockerSide } from '../../src/docker/docker-fault.js';

const digest = `sha256:${'7'.repeat(64)}`;

test.each([
  ['docker pull jetstack/certificate-issuer:v1', 'source', 'tag-missing'],
  ['docker push registry.example.com:5000/team/quota:v1', 'target', 'denied'],
] as const)('the name in "%s" decides nothing', (what, side, code) => {
  const name = what.split(' ').at(-1) ?? '';
  const words = side === 'source' ? `manifest for ${name} not found: manifest unknown` : `denied: no access to ${name}`;

  expect(dockerFault(what, words, side)).toMatchObject({ code });
});

/** Messages of real commands and daemons (20.10 to 28) and of the registries behind them. */
const said: readonly [DockerSide, string, string, string][] = [
  [
    'daemon',
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'unreachable',
    'retry',
  ],
  [
    'daemon',
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied',
    'configuration',
    'block',
  ],
  ['source', 'no matching manifest for linux/s390x in the manifest list entries', 'platform-missing', 'block'],
  ['source', 'image operating system "windows" cannot be used on this platform', 'platform-missing', 'block'],
  [
    'source',
    'Error response from daemon: manifest for 127.0.0.1:5000/team/app:nope not found: manifest unknown: manifest unknown',
    'tag-missing',
    'wait',
  ],
  [
    'source',
    "Error response from daemon: pull access denied for team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'unauthorized',
    'block',
  ],
  [
    'source',
    'Error response from daemon: toomanyrequests: You have reached your pull rate limit.',
    'rate-limited',
    'wait',
  ],
  ['source', `Cannot overwrite digest ${digest}`, 'configuration', 'block'],
  ['source', 'failed to register layer: write /usr/lib/x: no space left on device', 'server-error', 'retry'],
  [
    'source',
    'Error response from daemon: Get "https://nowhere.invalid/v2/": dial tcp: lookup nowhere.invalid on 10.0.0.2:53: no such host',
    'unreachable',
    'retry',
  ],
  [
    'source',
    'Error response from daemon: Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout',
    'unreachable',
    'retry',
  ],
  [
    'source',
    'Error response from daemon: Get "https://10.0.0.7:5000/v2/": http: server gave HTTP response to HTTPS client',
    'tls',
    'block',
  ],
  [
    'target',
    'Error response from daemon: Get "https://10.0.0.7:5000/v2/": x509: certificate signed by unknown authority',
    'tls',
    'block',
  ],
  ['target', 'no basic auth credentials', 'unauthorized', 'block'],
  [
    'target',
    'Error response from daemon: login attempt to http://127.0.0.1:5000/v2/ failed with status: 401 Unauthorized',
    'unauthorized',
    'block',
  ],
  ['target', 'denied: requested access to the resource is denied', 'denied', 'block'],
  ['target', 'denied: namespace quota exceeded', 'quota', 'block'],
  ['target', 'unknown: tag v1 is immutable', 'tag-immutable', 'block'],
  ['target', 'mkdir /data: no space left on device', 'target-full', 'block'],
  ['target', 'received unexpected HTTP status: 503 Service Unavailable', 'server-error', 'retry'],
  ['target', 'name unknown: The repository with name x does not exist', 'repository-missing', 'block'],
  ['target', 'something that no rule knows', 'internal', 'retry'],
];

describe('what docker says becomes a fault that says what to do', () => {
  test.each(said)(
    'an error of docker on the side %s becomes an error with advice: %s',
    (side, words, code, decision) => {
      const fault = dockerFault('docker pull team/app:v1', words, side);

      expect(fault).toMatchObject({ side, code, decision });
      expect(fault.message).toMatch(/^docker pull team\/app:v1: (?!Error response)/);
    },
  );
});

test('an error of docker contains no user, password or signature of a URL', () => {
  const words = 'Get "https://user:secret@blobs.example.com/layer?Signature=abc&token=def": EOF';

  const { message } = dockerFault('docker pull team/app:v1', words, 'source');

  expect(message).toBe('docker pull team/app:v1: Get "https://blobs.example.com/layer?…": EOF');
});
