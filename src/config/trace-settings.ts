import { InvalidInput } from '../domain/ferry-error.js';
import type { Environment } from './environment.js';
import { listOf } from './variable-values.js';

/** Where traces go. */
export interface TraceSettings {
  readonly url: string;
  /** Secrets. */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: the name of the process. */
  readonly serviceName?: string | undefined;
}

const defaultEndpoint = 'http://localhost:4318';

/**
 * Reads the standard variables of OpenTelemetry. Traces are on if an OTLP endpoint is set or `OTEL_TRACES_EXPORTER` is
 * `otlp`; `OTEL_TRACES_EXPORTER=none` and `OTEL_SDK_DISABLED=true` switch them off.
 *
 * @returns undefined: no traces
 * @throws InvalidInput for an exporter, a protocol or an endpoint that cannot be used
 */
export function readTraceSettings(environment: Environment): TraceSettings | undefined {
  const value = (name: string): string | undefined => environment.value(name)?.trim();
  if (value('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const endpoint = value('OTEL_EXPORTER_OTLP_ENDPOINT');
  const traces = value('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const isSet = endpoint !== undefined || traces !== undefined;
  const exporters = listOf(value('OTEL_TRACES_EXPORTER') ?? (isSet ? 'otlp' : 'none'));
  if (exporters.includes('none')) return undefined;
  if (!exporters.includes('otlp')) {
    throw wrong(
      `OTEL_TRACES_EXPORTER is "${exporters.join(',').slice(0, 80)}": the ferry sends traces by otlp; set otlp or none`,
    );
  }
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL']) {
    const protocol = value(name);
    if (protocol === undefined || protocol.startsWith('http/')) continue;
    throw wrong(
      `${name} is "${protocol.slice(0, 80)}": the ferry sends traces over HTTP; set http/json, and the collector's port for it (4318)`,
    );
  }
  assertUrl(traces ?? endpoint ?? defaultEndpoint, traces === undefined);
  return {
    url: traces ?? `${(endpoint ?? defaultEndpoint).replace(/\/+$/, '')}/v1/traces`,
    headers: readHeaders(value('OTEL_EXPORTER_OTLP_TRACES_HEADERS') ?? value('OTEL_EXPORTER_OTLP_HEADERS')),
    serviceName: value('OTEL_SERVICE_NAME'),
  };
}

function assertUrl(text: string, isBase: boolean): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return;
  const name = isBase ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  throw wrong(`${name} is not an http or https URL: expected one such as ${defaultEndpoint}`);
}

/** `name=value,name=value`, percent-encoded. An entry that is none is reported without its value, which may be a secret. */
function readHeaders(text = ''): Readonly<Record<string, string>> {
  const entries = text.split(',').filter((entry) => entry.trim() !== '');
  return Object.fromEntries(
    entries.map((entry, position) => {
      const [name = '', ...rest] = entry.split('=');
      if (rest.length === 0 || name.trim() === '') {
        throw wrong(`OTEL_EXPORTER_OTLP_HEADERS: entry ${position + 1} is not name=value`);
      }
      return [name.trim(), decoded(rest.join('=').trim())];
    }),
  );
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function wrong(message: string): InvalidInput {
  return new InvalidInput(message, 'configuration');
}
