/** What the pages read. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { isBeingRecorded } from './being-recorded.js';
import { textsOf, v1 } from './client.js';
import { keys } from './keys.js';
import type { ImageListing } from './keys.js';
import { bodyOf } from './request-fault.js';
import type { ImageFilter, Upstream } from './types.js';

/** The first page is shown soon; the next ones are read ahead of a user who scrolls fast. */
const rowsOfPage = { first: 100, next: 300 };

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: async ({ signal }) => await bodyOf(v1.overview.$get({}, { init: { signal } })),
  refetchInterval: 30_000,
});

export const imagesQuery = ({ filter, sort, order }: ImageListing) =>
  infiniteQueryOptions({
    queryKey: keys.images({ filter, sort, order }),
    queryFn: async ({ pageParam, signal }) =>
      await bodyOf(
        v1.images.$get(
          {
            query: textsOf({
              ...filter,
              sort,
              order,
              limit: pageParam === undefined ? rowsOfPage.first : rowsOfPage.next,
              cursor: pageParam,
            }),
          },
          { init: { signal } },
        ),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });

export const imageCountQuery = (filter: ImageFilter) =>
  queryOptions({
    queryKey: keys.imageCount(filter),
    queryFn: async ({ signal }) => await bodyOf(v1.images.count.$get({ query: textsOf(filter) }, { init: { signal } })),
    placeholderData: keepPreviousData,
  });

export const imageQuery = (reference: string) =>
  queryOptions({
    queryKey: keys.image(reference),
    queryFn: async ({ signal }) => await bodyOf(v1.image.$get({ query: { reference } }, { init: { signal } })),
  });

export const runsQuery = infiniteQueryOptions({
  queryKey: keys.runs,
  queryFn: async ({ pageParam, signal }) =>
    await bodyOf(v1.runs.$get({ query: textsOf({ limit: 50, cursor: pageParam }) }, { init: { signal } })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ next }) => next,
});

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: keys.run(id),
    queryFn: async ({ signal }) =>
      await bodyOf(v1.runs[':id'].$get({ param: { id: encodeURIComponent(id) } }, { init: { signal } })),
  });

export const upstreamsQuery = queryOptions({
  queryKey: keys.upstreams,
  queryFn: async ({ signal }) => await bodyOf(v1.upstreams.$get({}, { init: { signal } })),
  // A check in progress ends without an event.
  refetchInterval: ({ state }) => (isChecking(state.data?.items) ? 3_000 : 60_000),
});

export const schedulesQuery = queryOptions({
  queryKey: keys.schedules,
  queryFn: async ({ signal }) => await bodyOf(v1.schedules.$get({}, { init: { signal } })),
  refetchInterval: 60_000,
});

export const requestsQuery = (filter: Parameters<typeof keys.requests>[0]) =>
  infiniteQueryOptions({
    queryKey: keys.requests(filter),
    queryFn: async ({ pageParam, signal }) =>
      await bodyOf(
        v1.requests.$get({ query: textsOf({ ...filter, limit: 100, cursor: pageParam }) }, { init: { signal } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 30_000,
  });

export const requestQuery = (id: string) =>
  queryOptions({
    queryKey: keys.request(id),
    queryFn: async ({ signal }) =>
      await bodyOf(v1.requests[':id'].$get({ param: { id: encodeURIComponent(id) } }, { init: { signal } })),
    // The end of the workflow that records its images is no event.
    refetchInterval: ({ state }) =>
      state.data !== undefined && isBeingRecorded(state.data, Date.now()) ? 2_000 : false,
  });

export const targetsQuery = queryOptions({
  queryKey: keys.targets,
  queryFn: async ({ signal }) => await bodyOf(v1.targets.$get({}, { init: { signal } })),
});

export const lastAuditQuery = queryOptions({
  queryKey: keys.audits,
  queryFn: async ({ signal }) => await bodyOf(v1.audits.$get({ query: { limit: '1' } }, { init: { signal } })),
  // The begin and the end of an audit that finds nothing are no events.
  refetchInterval: ({ state }) => (state.data?.items[0]?.finishedAt === undefined ? 5_000 : 30_000),
});

export const channelsQuery = queryOptions({
  queryKey: keys.channels,
  queryFn: async ({ signal }) => await bodyOf(v1['notification-channels'].$get({}, { init: { signal } })),
  refetchInterval: 15_000,
});

export const notificationsQuery = (filter: Parameters<typeof keys.notifications>[0]) =>
  infiniteQueryOptions({
    queryKey: keys.notifications(filter),
    queryFn: async ({ pageParam, signal }) =>
      await bodyOf(
        v1.notifications.$get({ query: textsOf({ ...filter, limit: 50, cursor: pageParam }) }, { init: { signal } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 15_000,
  });

export const configurationQuery = queryOptions({
  queryKey: keys.configuration,
  queryFn: async ({ signal }) => await bodyOf(v1.configuration.$get({}, { init: { signal } })),
});

function isChecking(upstreams: readonly Upstream[] = []): boolean {
  return upstreams.some(({ checks }) => checks.some(({ state }) => state === 'running'));
}
