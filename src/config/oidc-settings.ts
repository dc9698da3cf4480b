import type { ConfigErrors } from './config-errors.js';
import type { Environment } from './environment.js';

/** A provider of OpenID Connect, and whom it lets in. */
export interface OidcSettings {
  /** URL of the issuer. */
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string | undefined;
  /** Claim of the ID token that lists the groups of a user. */
  readonly groupsClaim: string;
  readonly scope: string;
  /** Groups whose members are readers; `*` is everybody whom the provider signs in. */
  readonly readerGroups: readonly string[];
  readonly operatorGroups: readonly string[];
}

/** Nothing without `FERRY_OIDC_ISSUER`. */
const beside = [
  'FERRY_OIDC_CLIENT_ID',
  'FERRY_OIDC_CLIENT_SECRET',
  'FERRY_OIDC_READER_GROUPS',
  'FERRY_OIDC_OPERATOR_GROUPS',
  'FERRY_OIDC_GROUPS_CLAIM',
  'FERRY_OIDC_SCOPE',
] as const;

export const oidcVariables = ['FERRY_OIDC_ISSUER', ...beside] as const;

/** Undefined without `FERRY_OIDC_ISSUER`; errors are added to `errors`. */
export function readOidc(
  environment: Environment,
  publicUrl: URL | undefined,
  errors: ConfigErrors,
): OidcSettings | undefined {
  const value = (name: string): string | undefined => errors.try(() => environment.value(name));
  const issuer = value('FERRY_OIDC_ISSUER');
  if (issuer === undefined) {
    const set = beside.filter((name) => value(name) !== undefined);
    if (set.length > 0) errors.add(`${set.join(', ')} is set but FERRY_OIDC_ISSUER is not`);
    return undefined;
  }
  if (!URL.canParse(issuer) || !/^https?:$/.test(new URL(issuer).protocol)) {
    errors.add(
      `FERRY_OIDC_ISSUER is "${issuer.slice(0, 80)}": expected a URL such as https://login.example.com/realms/team`,
    );
  }
  const clientId = value('FERRY_OIDC_CLIENT_ID');
  if (clientId === undefined) errors.add('FERRY_OIDC_ISSUER is set but FERRY_OIDC_CLIENT_ID is not');
  // The provider redirects to it, and compares it with the registered one.
  if (publicUrl === undefined) {
    errors.add('FERRY_OIDC_ISSUER is set but FERRY_PUBLIC_URL is not: set it to where browsers reach this server');
  }
  const operatorGroups = namesOf(value('FERRY_OIDC_OPERATOR_GROUPS'));
  const readerGroups = namesOf(value('FERRY_OIDC_READER_GROUPS'));
  if (operatorGroups.length + readerGroups.length === 0) {
    errors.add(
      'FERRY_OIDC_ISSUER is set but no group may sign in: set FERRY_OIDC_OPERATOR_GROUPS, FERRY_OIDC_READER_GROUPS or both; "*" is everybody whom the issuer signs in',
    );
  }
  return {
    issuer,
    clientId: clientId ?? '',
    clientSecret: value('FERRY_OIDC_CLIENT_SECRET'),
    groupsClaim: value('FERRY_OIDC_GROUPS_CLAIM') ?? 'groups',
    scope: value('FERRY_OIDC_SCOPE') ?? 'openid profile email',
    readerGroups,
    operatorGroups,
  };
}

/** Names separated by commas; they may contain blanks. */
function namesOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
