import { InvalidInput } from '../domain/ferry-error.js';

/** A registry as users write it in a variable: a host, optionally with a scheme. */
export interface RegistryAddress {
  readonly host: string;
  readonly scheme?: 'http' | 'https' | undefined;
}

const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

/** @throws InvalidInput naming the variable or key that holds it */
export function parseRegistryAddress(text: string, where: string): RegistryAddress {
  const match = /^(?:(https?):\/\/)?([^/]+)\/?$/i.exec(text.trim());
  const host = match?.[2]?.toLowerCase();
  if (host === undefined || !hostPattern.test(host)) {
    throw new InvalidInput(
      `${where} is "${text.replace(/\/\/[^@]*@/, '//***@')}", which is not a registry host: expected for example registry.example.com or registry.example.com:5000, optionally with http:// or https://`,
      'configuration',
    );
  }
  const scheme = match?.[1]?.toLowerCase();
  return scheme === 'http' || scheme === 'https' ? { host, scheme } : { host };
}
