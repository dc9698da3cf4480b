import { expect, test } from 'vitest';

import { bareRegistry } from '../../src/domain/bare-registry.js';

test.each([
  '127.0.0.1',
  '127.0.0.1:5502',
  '10.0.0.7:80',
  'localhost',
  'localhost:5000',
  'registry.example.com:5000',
  'registry.local:443',
  'docker.io',
  'ghcr.io',
  'quay.io:443',
  'registry.k8s.io',
  'europe-docker.pkg.dev',
  'registry.cn-hangzhou.aliyuncs.com',
  '123456789012.dkr.ecr.eu-central-1.amazonaws.com',
])('%s is a registry, not an image', (text) => {
  expect(bareRegistry(text)).toBe(text);
});

test('a bare registry is recognized in every notation', () => {
  expect(bareRegistry('GHCR.io/')).toBe('ghcr.io');
});

test.each([
  'redis',
  'redis:7',
  'node:20',
  'python:3.12',
  'ubuntu:2404',
  'registry:5000',
  'foo.bar',
  'foo.bar:1',
  'foo.bar:100',
  'foo.bar:20240101',
  'rocket.chat:7.1.0',
  'localhost:latest',
  'ghcr.io/org',
  'ghcr.io/org/app:1',
  'localhost:5000/app',
  `ghcr.io@sha256:${'0'.repeat(64)}`,
  'robot:hunter2@ghcr.io',
  '',
])('"%s" may be an image', (text) => {
  expect(bareRegistry(text)).toBeUndefined();
});
