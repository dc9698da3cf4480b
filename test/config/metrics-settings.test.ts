import { describe, expect, test } from 'vitest';

import { readConfig, readUpConfig } from '../../src/config/read-config.js';
import { readServerSettings } from '../../src/config/server-settings.js';

const target = { MY_REGISTRY: 'registry.example.com' };

describe('where metrics are served', () => {
  test('is nowhere unless a variable says so', () => {
    expect(readConfig(target).metrics).toEqual({ listen: undefined, temporal: undefined });
    expect(readServerSettings(target).metrics).toBeUndefined();
  });

  test('is 127.0.0.1 for a port alone; other machines need an address', () => {
    const listen = (text: string) => readConfig({ ...target, FERRY_METRICS_LISTEN: text }).metrics.listen;

    expect(listen('9464')).toEqual({ host: '127.0.0.1', port: 9464, variable: 'FERRY_METRICS_LISTEN' });
    expect(listen('[::1]:9464')).toMatchObject({ host: '::1', port: 9464 });
    expect(listen(':9464')).toMatchObject({ host: '0.0.0.0', port: 9464 });
    expect(listen('10.0.0.5:9464')).toMatchObject({ host: '10.0.0.5' });
    expect(() => listen('http://localhost:9464')).toThrow(
      'FERRY_METRICS_LISTEN is "http://localhost:9464": expected an address and a port such as 127.0.0.1:9464',
    );
    expect(() => listen('127.0.0.1:99999')).toThrow('FERRY_METRICS_LISTEN is "127.0.0.1:99999"');
  });

  test('of the server is an address of its own, or that of its routes when told', () => {
    const metrics = (text: string) => readServerSettings({ ...target, FERRY_SERVER_METRICS_LISTEN: text }).metrics;

    expect(metrics('9465')).toMatchObject({ host: '127.0.0.1', port: 9465 });
    expect(metrics('server')).toBe('server');
  });

  test('is a different address for each part of "ferry up"', () => {
    const variables = {
      ...target,
      FERRY_METRICS_LISTEN: '9464',
      FERRY_SERVER_METRICS_LISTEN: '127.0.0.1:9464',
    };

    expect(() => readUpConfig(variables)).toThrow(
      'FERRY_METRICS_LISTEN and FERRY_SERVER_METRICS_LISTEN are both 127.0.0.1:9464: give each an address of its own',
    );
    expect(() => readUpConfig({ ...variables, FERRY_SERVER_METRICS_LISTEN: '9465' })).not.toThrow();
  });
});
