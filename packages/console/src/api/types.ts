/** What the API answers: types of the server's schemas. */
import type { hc, InferResponseType } from 'hono/client';
import type { z } from 'zod';

import type { ServerRoutes } from '../../../../src/server/http-server.js';
import type * as StatusSchemas from '../../../../src/server/status-schemas.js';
import type * as AddSchemas from '../../../../src/server/v1/add-schemas.js';
import type * as ConfigurationSchemas from '../../../../src/server/v1/configuration-schemas.js';
import type * as ActionSchemas from '../../../../src/server/v1/image-action-schemas.js';
import type * as ImageSchemas from '../../../../src/server/v1/image-schemas.js';
import type * as NotificationSchemas from '../../../../src/server/v1/notification-schemas.js';
import type * as RequestSchemas from '../../../../src/server/v1/request-schemas.js';
import type * as RunSchemas from '../../../../src/server/v1/run-schemas.js';
import type * as ScheduleSchemas from '../../../../src/server/v1/schedule-schemas.js';
import type * as SessionSchemas from '../../../../src/server/v1/session-schemas.js';
import type * as UpstreamSchemas from '../../../../src/server/v1/upstream-schemas.js';

type V1 = ReturnType<typeof hc<ServerRoutes>>['api']['v1'];

export type Session = z.infer<typeof SessionSchemas.Session>;
export type SignInWay = z.infer<typeof SessionSchemas.signInWay>;
export type Overview = InferResponseType<V1['overview']['$get'], 200>;
export type Progress = z.infer<typeof RunSchemas.Progress>;
export type Transfer = z.infer<typeof RunSchemas.Transfer>;
export type TargetTransfer = Transfer['targets'][number];
export type Stalled = NonNullable<Transfer['stalled']>;
export type Run = InferResponseType<V1['runs']['$get'], 200>['items'][number];
export type RunDetails = InferResponseType<V1['runs'][':id']['$get'], 200>;
export type StateEvent = z.infer<typeof StatusSchemas.StateEvent>;
export type RequestedBy = z.infer<typeof StatusSchemas.RequestedBy>;
export type ImageFilter = z.infer<typeof ImageSchemas.ImageFilter>;
export type ImageSort = z.infer<typeof ImageSchemas.imageSort>;
export type ListedImage = z.infer<typeof ImageSchemas.ListedImage>;
export type ImageDetails = z.infer<typeof ImageSchemas.ImageDetails>;
export type ImageAction = z.infer<typeof ActionSchemas.ImageAction>;
export type ImageActionPreview = z.infer<typeof ActionSchemas.ImageActionPreview>;
export type ImageActionResult = z.infer<typeof ActionSchemas.ImageActionResult>;
export type ParsedText = z.infer<typeof AddSchemas.ParsedText>;
export type Upstream = z.infer<typeof UpstreamSchemas.Upstream>;
export type UpstreamCheck = z.infer<typeof UpstreamSchemas.UpstreamCheck>;
export type Schedule = z.infer<typeof ScheduleSchemas.Schedule>;
export type ReceivedRequest = z.infer<typeof RequestSchemas.ReceivedRequest>;
export type RequestDetails = z.infer<typeof RequestSchemas.RequestDetails>;
export type ChannelTest = z.infer<typeof NotificationSchemas.ChannelTest>;
export type NotificationChannel = z.infer<typeof NotificationSchemas.NotificationChannel>;
export type Notification = z.infer<typeof NotificationSchemas.Notification>;
export type Target = InferResponseType<V1['targets']['$get'], 200>['items'][number];
export type Configuration = z.infer<typeof ConfigurationSchemas.Configuration>;
export type ConfigurationValue = z.infer<typeof ConfigurationSchemas.ConfigurationValue>;
