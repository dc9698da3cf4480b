/** The usual proxy variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY. */
import type { ProxyRules } from '@image-ferry/registry';

import { InvalidInput } from '../domain/ferry-error.js';
import { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';

/** In upper or lower case; upper case wins. A proxy without a scheme is used with plain HTTP. */
export function readProxies(environment: Environment, errors: ConfigErrors): ProxyRules {
  const all = readProxy('ALL_PROXY');
  const http = readProxy('HTTP_PROXY') ?? all;
  const https = readProxy('HTTPS_PROXY') ?? all;
  const except = (valueOf('NO_PROXY')?.value ?? '').split(/[\s,]+/).filter((entry) => entry !== '');
  return { http, https, except };

  function readProxy(name: string): URL | undefined {
    const found = valueOf(name);
    return found && errors.try(() => parseProxy(found.value, found.name));
  }

  function valueOf(name: string): { readonly name: string; readonly value: string } | undefined {
    for (const variable of [name, name.toLowerCase()]) {
      const value = errors.try(() => environment.value(variable));
      if (value !== undefined) return { name: variable, value };
    }
    return undefined;
  }
}

/** The same for a command that reads nothing else. @throws InvalidInput listing every error */
export function proxiesOf(environment: Environment): ProxyRules {
  const errors = new ConfigErrors();
  const rules = readProxies(environment, errors);
  errors.throwIfAny();
  return rules;
}

/** @throws InvalidInput naming the variable or key, without the value, which may contain a password */
export function parseProxy(text: string, where: string): URL {
  const written = text.trim();
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === '') {
    throw new InvalidInput(
      `${where} is not a valid proxy address: expected http://proxy.example.com:3128`,
      'configuration',
    );
  }
  if (!isDecodable(`${parsed.username}${parsed.password}`)) {
    throw new InvalidInput(
      `${where} has an invalid percent-encoding in its user or password: write "%" as %25`,
      'configuration',
    );
  }
  if (parsed.protocol === 'http:' || parsed.protocol === 'https:') return parsed;
  throw new InvalidInput(
    `${where} is a ${parsed.protocol}// proxy: only http:// and https:// proxies are supported`,
    'configuration',
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
