const authorizationPattern = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi;
const jsonSecretPattern = /"(token|access_token|refresh_token|password|identitytoken|auth)"\s*:\s*"[^"]*"/gi;
const urlPattern = /\bhttps?:\/\/[^\s"'<>]+/g;

/** A URL for users: its query (signatures, upload state) and any user:password are left out. */
export function printUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** Text from elsewhere, made safe to print: no tokens, no signed queries. */
export function redactText(text: string): string {
  return text
    .replace(authorizationPattern, '$1 …')
    .replace(jsonSecretPattern, '"$1":"…"')
    .replace(urlPattern, (match) => (URL.canParse(match) ? printUrl(new URL(match)) : '…'));
}
