/** A value as JSON in base64url: it needs no quoting in an address or a cookie. */
export function printUrlJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** @returns undefined for a text that {@link printUrlJson} did not make */
export function readUrlJson(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
