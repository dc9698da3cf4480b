import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { HostSettings } from '@image-ferry/registry';
import { beforeEach, describe, expect, test } from 'vitest';

import { selfSignedCertificate } from '../../demo/self-signed-certificate.js';
import { ConfigErrors } from '../../src/config/config-errors.js';
import type { ConfigFile } from '../../src/config/config-file.js';
import { readHosts } from '../../src/config/hosts.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ferry-hosts-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function read(entries: ConfigFile['hosts']): ReadonlyMap<string, HostSettings> {
  const hosts = new Map<string, HostSettings>();
  const faults = new ConfigErrors();
  readHosts({ path: 'ferry.yaml', hosts: entries }, hosts, faults);
  faults.throwIfAny();
  return hosts;
}

describe('hosts of ferry.yaml', () => {
  const { cert, key } = selfSignedCertificate();

  test('a host of ferry.yaml has its own CA, client certificate and proxy', () => {
    const [certFile, keyFile] = [file('cert.pem', cert), file('key.pem', key)];

    const hosts = read({
      'https://harbor.example.com:5000': { caFile: certFile, certFile, keyFile, proxy: 'proxy.example.com:3128' },
      'inner.example.com': { proxy: 'none' },
    });

    expect(hosts.get('harbor.example.com:5000')).toEqual({
      scheme: 'https',
      ca: cert,
      clientCertificate: { cert, key },
      proxy: new URL('http://proxy.example.com:3128'),
    });
    expect(hosts.get('inner.example.com')).toEqual({ proxy: 'none' });
  });

  test('a host of ferry.yaml can allow blob redirects to plain HTTP, which are rejected by default', () => {
    const hosts = read({ 'harbor.example.com': { allowHttpBlobRedirects: true }, 'other.example.com': {} });

    expect(hosts.get('harbor.example.com')).toEqual({ allowHttpBlobRedirects: true });
    expect(hosts.get('other.example.com')).toEqual({});
  });

  test('read limits of a host apply to Docker Hub under any of its names', () => {
    const hosts = read({ 'index.docker.io': { bandwidth: '50Mbit/s', concurrency: 2, connections: 8 } });

    expect(hosts.get('docker.io')).toMatchObject({
      concurrentBlobs: 2,
      readConnections: 8,
      readBytesPerSecond: 6_250_000,
    });
    expect(() => read({ 'docker.io': { bandwidth: 'much' } })).toThrow(
      'hosts.docker.io.bandwidth: "much" is not a rate',
    );
  });

  test('a host of ferry.yaml is trusted if its entry says how to reach it, never for limits alone', () => {
    const limits = { bandwidth: '50Mbit/s', concurrency: 2, connections: 4, pulls: { allowance: 80, window: '6h' } };

    const hosts = read({
      'limited.example.com': limits,
      'https://typed.example.com': limits,
      'plain.example.com': { ...limits, scheme: 'http' },
      'named.example.com': {},
      'mirror.example.com': limits,
      'docker.io': { concurrency: 2, mirrors: ['mirror.example.com'] },
      'late-mirror.example.com': limits,
      'ghcr.io': { mirrors: ['late-mirror.example.com'] },
    });

    const untrusted = [...hosts].filter(([, { trusted }]) => trusted === false).map(([host]) => host);
    expect(untrusted).toEqual(['limited.example.com']);
  });

  test('a mirror of a host is a configured host without an entry of its own', () => {
    const hosts = read({
      'docker.io': {
        mirrors: ['http://mirror.internal:5000', { registry: 'harbor.example.com/proxies/hub/', resolveTags: true }],
      },
    });

    expect(hosts.get('docker.io')?.mirrors).toEqual([
      { host: 'mirror.internal:5000', resolvesTags: false },
      { host: 'harbor.example.com', prefix: 'proxies/hub', resolvesTags: true },
    ]);
    expect(hosts.get('mirror.internal:5000')).toEqual({ scheme: 'http' });
    expect(hosts.has('harbor.example.com')).toBe(true);
  });

  test('all errors of the hosts in ferry.yaml are reported at once with their locations', () => {
    const certFile = file('cert.pem', cert);
    const wrong = () =>
      read({
        'a.example.com': { caFile: join(folder, 'missing.pem') },
        'b.example.com': { caFile: file('words.pem', 'not a certificate') },
        'c.example.com': { certFile },
        'd.example.com': { certFile, keyFile: certFile },
        'e.example.com': { certFile, keyFile: file('other.pem', selfSignedCertificate().key) },
        'f.example.com': { proxy: 'socks5://proxy:1080' },
        'g.example.com': { mirrors: ['not a host', 'harbor.example.com/Upper'] },
      });

    for (const fault of [
      /hosts\.a\.example\.com\.caFile cannot be read: ENOENT/,
      /hosts\.b\.example\.com\.caFile is not a PEM certificate/,
      /hosts\.c\.example\.com has certFile without keyFile/,
      /hosts\.d\.example\.com\.keyFile is not a PEM private key/,
      /hosts\.e\.example\.com: certFile and keyFile do not match/,
      /hosts\.g\.example\.com\.mirrors is "not a host"/,
      /hosts\.g\.example\.com\.mirrors: .*upper-case/,
      /hosts\.f\.example\.com\.proxy is a socks5:/,
    ]) {
      expect(wrong).toThrow(fault);
    }
  });
});
