import type { ScheduleSetting } from '../../domain/schedule-timing.js';
import type { Upstream } from '../../domain/upstream.js';
import { openApiApp } from '../open-api-app.js';
import { orUnavailable } from '../read-database.js';
import type { ReadDatabase } from '../read-database.js';
import { createRequestLimit } from '../request-limit.js';
import type { RequestLimit } from '../request-limit.js';
import type { ServerLog, ServerWork } from '../server-work.js';
import { addRoutes } from './add-routes.js';
import type { PastedImages } from './add-routes.js';
import { auditActionsRoutes } from './audit-actions-routes.js';
import type { AuditActions } from './audit-actions-routes.js';
import { auditsRoutes } from './audits-routes.js';
import { createGate, createTokenLookup } from './caller.js';
import type { Caller } from './caller.js';
import { configurationRoutes } from './configuration-routes.js';
import type { ConfigurationRoutesOptions } from './configuration-routes.js';
import type { ConsoleWork } from './console-work.js';
import { eventsRoutes } from './events-routes.js';
import { imageActionsRoutes } from './image-actions-routes.js';
import type { ImageActions } from './image-actions-routes.js';
import { imagesRoutes } from './images-routes.js';
import { LiveEvents } from './live-events.js';
import type { NamesOnTargets } from './names-on-targets.js';
import { notificationsRoutes } from './notifications-routes.js';
import type { NotificationWork } from './notifications-routes.js';
import { createOidcSignIn } from './oidc-sign-in.js';
import type { OidcProvider } from './oidc-sign-in.js';
import { overviewRoutes } from './overview-routes.js';
import { ownPageCheck } from './own-page.js';
import type { ReleaseFiles } from './release-files.js';
import { requestsRoutes } from './requests-routes.js';
import type { RequestsRoutesOptions } from './requests-routes.js';
import { runsRoutes } from './runs-routes.js';
import { schedulesRoutes } from './schedules-routes.js';
import { sessionRoutes } from './session-routes.js';
import { createSessions } from './sessions.js';
import type { EndedSessions } from './sessions.js';
import { targetsRoutes } from './targets-routes.js';
import type { TargetViews } from './targets-routes.js';
import { upstreamsRoutes } from './upstreams-routes.js';

/** The ways to sign in. */
export interface SignInSettings {
  readonly apiTokens: readonly string[];
  readonly viewTokens: readonly string[];
  /** `ferry up` prints a link to sign in. */
  readonly byLink: boolean;
  /** Of that link, valid once; absent: it was used. */
  readonly linkToken?: string | undefined;
  /** Called when the link is used. */
  readonly onLinkUsed?: (() => void) | undefined;
  /** Signs the cookies of sessions. */
  readonly sessionSecret: string;
  /** Prefix of all paths, without a slash at its end; '' for none. */
  readonly basePath: string;
  /** Where browsers reach the server. */
  readonly publicUrl?: URL | undefined;
  /** Needs `publicUrl`. */
  readonly oidc?: OidcProvider | undefined;
  readonly endedSessions: EndedSessions;
}

/** What the composition root hands in for the console's API. */
export interface ConsolePorts {
  readonly work: ConsoleWork;
  readonly actions: ImageActions;
  readonly audits: AuditActions;
  readonly pasted: PastedImages;
  readonly names: NamesOnTargets;
  readonly targets: TargetViews;
  readonly releases: ReleaseFiles;
  readonly configuration: ConfigurationRoutesOptions['configuration'];
  readonly imagesOf: RequestsRoutesOptions['imagesOf'];
  readonly upstreams: readonly Upstream[];
  readonly schedules: readonly ScheduleSetting[];
  readonly notifications: NotificationWork;
}

export interface V1ApiOptions {
  readonly signIn: SignInSettings;
  readonly console: ConsolePorts;
  readonly readDatabase: ReadDatabase;
  readonly work: Pick<ServerWork, 'running'>;
  readonly limit: RequestLimit;
  readonly log: ServerLog;
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal;
}

const failuresPerMinute = 10;

/** Ways to sign in that are configured. */
function signInWays({ apiTokens, viewTokens, byLink, oidc }: SignInSettings): readonly Caller['way'][] {
  return [
    ...(apiTokens.length + viewTokens.length > 0 ? (['token'] as const) : []),
    ...(byLink ? (['link'] as const) : []),
    ...(oidc === undefined ? [] : (['oidc'] as const)),
  ];
}

/** The routes of `/api/v1`: everything that the console does, for other programs too. */
export function v1Api(options: V1ApiOptions) {
  const { signIn, console: ports, readDatabase, work: serverWork, limit, log, stopping } = options;
  const { basePath, publicUrl, linkToken, onLinkUsed, apiTokens, viewTokens } = signIn;
  const ways = signInWays(signIn);
  const isSecure = publicUrl?.protocol === 'https:';
  const sessions = createSessions({
    secret: signIn.sessionSecret,
    path: basePath === '' ? '/' : basePath,
    isSecure,
    ways,
    tokens: [...apiTokens, ...viewTokens],
    ended: signIn.endedSessions,
  });
  const oidc =
    signIn.oidc === undefined || publicUrl === undefined
      ? undefined
      : createOidcSignIn({
          provider: signIn.oidc,
          redirectUri: `${publicUrl.origin}${basePath}/api/v1/session/oidc/callback`,
          secret: signIn.sessionSecret,
          isSecure,
          log,
        });
  const assertOwnPage = ownPageCheck(publicUrl);
  const readSession = sessions.read;
  const gate = createGate({ apiTokens, viewTokens, readSession, assertOwnPage, limit });
  const callerOfToken = createTokenLookup({ apiTokens, viewTokens });
  const failures = createRequestLimit(failuresPerMinute, 'failed sign-ins');
  const read = orUnavailable(readDatabase);
  const { work, actions, audits, pasted, names, targets, releases, configuration, imagesOf } = ports;
  const { upstreams, schedules, notifications } = ports;
  const live = new LiveEvents({ readDatabase: read, work, log, stopping });

  const consolePath = `${basePath}/`;
  return openApiApp()
    .route(
      '/',
      sessionRoutes({
        sessions,
        ways,
        callerOfToken,
        linkToken,
        onLinkUsed,
        failures,
        assertOwnPage,
        consolePath,
        oidc,
        log,
      }),
    )
    .route(
      '/',
      overviewRoutes({
        gate,
        readDatabase: read,
        targets,
        upstreams: upstreams.map(({ name }) => name),
        schedules,
        work: {
          progress: async () => await work.progress(),
          schedules: async (ids) => await work.schedules(ids),
          running: async (isPending) => await serverWork.running(isPending),
        },
      }),
    )
    .route('/', imagesRoutes({ gate, readDatabase: read, names }))
    .route('/', imageActionsRoutes({ gate, actions }))
    .route('/', addRoutes({ gate, pasted }))
    .route('/', runsRoutes({ gate, readDatabase: read, work }))
    .route('/', upstreamsRoutes({ gate, upstreams, readDatabase: read, work, releases }))
    .route('/', schedulesRoutes({ gate, schedules, work }))
    .route('/', auditsRoutes({ gate, readDatabase: read }))
    .route('/', auditActionsRoutes({ gate, audits }))
    .route('/', requestsRoutes({ gate, readDatabase: read, imagesOf }))
    .route('/', notificationsRoutes({ gate, readDatabase: read, notifications }))
    .route('/', targetsRoutes({ gate, targets }))
    .route('/', configurationRoutes({ gate, configuration }))
    .route('/', eventsRoutes({ gate, live }));
}
