/** One repository of one registry, and the part it plays: every message of the engine says which. */
export interface RepositoryRef {
  readonly side: 'source' | 'target';
  /** Host with port, as in references: `docker.io`, `127.0.0.1:5000`. */
  readonly host: string;
  /** '' where the whole registry is meant. */
  readonly repository: string;
  /** What people call the target. */
  readonly name?: string;
}

/** `source docker.io/library/nginx`, `target aliyun (registry.example.com/team/nginx)`. */
export function describeRepository({ side, host, repository, name }: RepositoryRef): string {
  const where = repository === '' ? host : `${host}/${repository}`;
  if (name === undefined || where.startsWith(name) || name.startsWith(where)) return `${side} ${where}`;
  return `${side} ${name} (${where})`;
}
