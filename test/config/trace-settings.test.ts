import { describe, expect, test } from 'vitest';

import { Environment } from '../../src/config/environment.js';
import { readTraceSettings } from '../../src/config/trace-settings.js';

const read = (variables: Readonly<Record<string, string>>) => readTraceSettings(new Environment(variables));

describe('traces', () => {
  test.each([
    {},
    { OTEL_SERVICE_NAME: 'ferry' },
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
  ])('are off with %j', (variables) => {
    expect(read(variables)).toBeUndefined();
  });

  test('are sent where the standard variables say', () => {
    expect(read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' })).toEqual({
      url: 'http://collector:4318/v1/traces',
      headers: {},
      serviceName: undefined,
    });
    expect(read({ OTEL_TRACES_EXPORTER: 'otlp' })).toMatchObject({ url: 'http://localhost:4318/v1/traces' });
    expect(
      read({
        OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/otlp',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi,x-scope=team',
        OTEL_SERVICE_NAME: 'mirror',
      }),
    ).toEqual({
      url: 'https://traces.example.com/otlp',
      headers: { authorization: 'Basic YTpi', 'x-scope': 'team' },
      serviceName: 'mirror',
    });
  });

  test.each([
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, /^OTEL_TRACES_EXPORTER is "zipkin": .*set otlp or none$/],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      /^OTEL_EXPORTER_OTLP_PROTOCOL is "grpc": the ferry sends traces over HTTP; set http\/json/,
    ],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, /^OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL/],
  ])('with %j are refused with what to do', (variables, message) => {
    expect(() => read(variables)).toThrow(message);
  });

  test('never show a header that cannot be read', () => {
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', OTEL_EXPORTER_OTLP_HEADERS: 'secret-token' };

    expect(() => read(variables)).toThrow('OTEL_EXPORTER_OTLP_HEADERS: entry 1 is not name=value');
  });
});
