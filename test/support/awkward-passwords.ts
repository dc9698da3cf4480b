/** Passwords with characters that have a meaning in shells, SQL, YAML, .env or templates. */
export const awkwardPasswords: readonly string[] = [
  'plain',
  'back\\slash',
  'two\\\\slashes',
  'ends with a backslash\\',
  "single'quote",
  "'quoted'",
  'double"quote',
  '"quoted"',
  '$dollar',
  'two$$dollars',
  '${braces}',
  '$(command)',
  '`command`',
  'hash#sign',
  'a #comment',
  '#begins',
  'with blanks in it',
  'per%cent%s',
  'at@host:3306/path?x=y&z',
  'semi;colon -- /* SQL */',
  'new\\nline',
  '{{ template }}',
  '!bang',
  'ümläut密码',
  `all\\of"them'$HOME #at \`once\`\\`,
];

/** As `.env.example` says to write it. */
export function quotedForEnv(password: string): string {
  if (!password.includes("'") && !password.endsWith('\\')) return `'${password}'`;
  return `"${password.replaceAll(/[\\"$]/g, (character) => `\\${character}`)}"`;
}
