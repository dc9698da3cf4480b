import type { ConfigErrors } from './config-errors.js';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** False: the default address is used. */
  readonly isChosen: boolean;
}

/**
 * `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`; `:8080` listens on every address.
 *
 * @param variable for the error of an invalid value
 * @param options.alone where a port alone listens
 * @param options.example a valid value
 * @returns undefined for an invalid value
 */
export function readListenAddress(
  text: string,
  variable: string,
  { alone, example }: { readonly alone: string; readonly example: string },
  errors: ConfigErrors,
): Omit<ListenAddress, 'isChosen'> | undefined {
  const match = /^(?:(\[[0-9a-f:.]+\]|[\w.-]*)(:))?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    errors.add(`${variable} is "${text.slice(0, 80)}": expected an address and a port such as ${example}`);
    return undefined;
  }
  const given = (match[1] ?? '').replace(/^\[|\]$/g, '');
  const everywhere = match[2] === undefined ? alone : '0.0.0.0';
  return { host: given === '' ? everywhere : given, port };
}
