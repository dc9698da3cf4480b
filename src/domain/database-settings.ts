/** The modes of MySQL's `--ssl-mode`; `off` for `DISABLED`. */
export type MysqlTlsMode = 'off' | 'preferred' | 'required' | 'verify-ca' | 'verify-identity';

export interface MysqlSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Default: `verify-identity` with a CA or for a server outside of loopback and private networks, else `preferred`. */
  readonly tls?: MysqlTlsMode | undefined;
  /** CA certificates in PEM that must have signed the server's certificate, instead of those that Node trusts. */
  readonly ca?: string | undefined;
}

/** How a database is reached. */
export type DatabaseSettings =
  ({ readonly kind: 'mysql' } & MysqlSettings) | { readonly kind: 'sqlite'; readonly path: string };
