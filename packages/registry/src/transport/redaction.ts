const authorizationPattern = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi;
const jsonSecretPattern = /"(token|access_token|refresh_token|password|identitytoken|auth)"\s*:\s*"[^"]*"/gi;
const urlPattern = /\bhttps?:\/\/[^\s"'<>]+/g;
/** What follows names an upload, and lets everyone who knows it write to it. */
const uploadPattern = /(?<=\/blobs\/uploads\/)[^\s"'<>]+/g;

/** A URL for users: its query (signatures, upload state), the ID of an upload and any user:password are left out. */
export function printUrl(url: URL): string {
  const path = url.pathname.replace(uploadPattern, '…');
  return `${url.protocol}//${url.host}${path}${url.search === '' ? '' : '?…'}`;
}

/** Text from elsewhere, made safe to print: no tokens, no signed queries. */
export function redactText(text: string): string {
  return text
    .replace(authorizationPattern, '$1 …')
    .replace(jsonSecretPattern, '"$1":"…"')
    .replace(urlPattern, (match) => (URL.canParse(match) ? printUrl(new URL(match)) : '…'))
    .replace(uploadPattern, '…');
}
