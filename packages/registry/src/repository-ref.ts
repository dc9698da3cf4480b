/** One repository of one registry, and its side in a copy: every message of the engine names them. */
export interface RepositoryRef {
  readonly side: 'source' | 'target';
  /** Host with port, as in references: `docker.io`, `127.0.0.1:5000`. */
  readonly host: string;
  /** '' for the whole registry. */
  readonly repository: string;
  /** The user's name for the target. */
  readonly name?: string;
}

/** `source docker.io/library/nginx`, `target aliyun (registry.example.com/team/nginx)`. */
export function describeRepository({ side, host, repository, name }: RepositoryRef): string {
  const where = repository === '' ? host : `${host}/${repository}`;
  if (name === undefined || where.startsWith(name) || name.startsWith(where)) return `${side} ${where}`;
  return `${side} ${name} (${where})`;
}
