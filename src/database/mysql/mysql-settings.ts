/** As MySQL's own `--ssl-mode` has them; `off` for its `DISABLED`. */
export const MysqlTlsMode = ['off', 'preferred', 'required', 'verify-ca', 'verify-identity'] as const;
export type MysqlTlsMode = (typeof MysqlTlsMode)[number];

export interface MysqlSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Absent: `verify-identity` with a CA or for a server beyond loopback and private networks, else `preferred`. */
  readonly tls?: MysqlTlsMode;
  /** Certificates in PEM that the server's has to be signed by, instead of those that Node trusts. */
  readonly ca?: string;
}
