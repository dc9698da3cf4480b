const written: Readonly<Record<string, string>> = { '/': '__', __: '--', ':': '---' };

/**
 * A whole source repository, `host/path`, as one component that can be read back: `/` becomes `__`, `__` becomes `--`,
 * the colon before a port `---`, and a run of n ≥ 2 hyphens n + 2 of them; all else stays. Two source repositories never
 * give one name. (An IPv6 address in brackets gives a name that is not legal as a component.)
 */
export function flatName(repository: string): string {
  return repository.replace(/__|-{2,}|[/:]/g, (separator) => written[separator] ?? `${separator}--`);
}
