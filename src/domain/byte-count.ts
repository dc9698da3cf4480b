/** `12.3 MB`: a number of bytes for people, in decimal units as registries use them. */
export function printBytes(bytes: number): string {
  if (bytes === 0) return '0 B';
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
