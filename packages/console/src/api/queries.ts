/** What the pages read. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { api } from './client.js';
import { keys } from './keys.js';
import type { ImageListing } from './keys.js';
import type {
  Configuration,
  ImageDetails,
  ImageFilter,
  ListedImage,
  Overview,
  ReceivedRequest,
  Run,
  RunDetails,
  Schedule,
  Target,
  Upstream,
} from './types.js';

interface Listed<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; absent at the end. */
  readonly next?: string | undefined;
}

const imagesPerPage = 100;

export const overviewQuery = queryOptions({
  queryKey: keys.overview,
  queryFn: async ({ signal }) => await api.get<Overview>('overview', {}, signal),
  refetchInterval: 30_000,
});

export const imagesQuery = ({ filter, sort, order }: ImageListing) =>
  infiniteQueryOptions({
    queryKey: keys.images({ filter, sort, order }),
    queryFn: async ({ pageParam, signal }) =>
      await api.get<Listed<ListedImage>>(
        'images',
        { ...filter, sort, order, limit: imagesPerPage, cursor: pageParam },
        signal,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
  });

export const imageCountQuery = (filter: ImageFilter) =>
  queryOptions({
    queryKey: keys.imageCount(filter),
    queryFn: async ({ signal }) => await api.get<{ readonly count: number }>('images/count', { ...filter }, signal),
    placeholderData: keepPreviousData,
  });

export const imageQuery = (reference: string) =>
  queryOptions({
    queryKey: keys.image(reference),
    queryFn: async ({ signal }) => await api.get<ImageDetails>('image', { reference }, signal),
  });

export const runsQuery = infiniteQueryOptions({
  queryKey: keys.runs,
  queryFn: async ({ pageParam, signal }) =>
    await api.get<Listed<Run>>('runs', { limit: 50, cursor: pageParam }, signal),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: ({ next }) => next,
});

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: keys.run(id),
    queryFn: async ({ signal }) => await api.get<RunDetails>(`runs/${encodeURIComponent(id)}`, {}, signal),
  });

export const upstreamsQuery = queryOptions({
  queryKey: keys.upstreams,
  queryFn: async ({ signal }) =>
    await api.get<{ readonly items: readonly Upstream[]; readonly temporalFault?: string }>('upstreams', {}, signal),
  // A check in progress ends without an event.
  refetchInterval: ({ state }) => (isChecking(state.data?.items) ? 3_000 : 60_000),
});

export const schedulesQuery = queryOptions({
  queryKey: keys.schedules,
  queryFn: async ({ signal }) => await api.get<Listed<Schedule>>('schedules', {}, signal),
  refetchInterval: 60_000,
});

export const requestsQuery = (filter: Parameters<typeof keys.requests>[0]) =>
  infiniteQueryOptions({
    queryKey: keys.requests(filter),
    queryFn: async ({ pageParam, signal }) =>
      await api.get<Listed<ReceivedRequest>>('requests', { ...filter, limit: 100, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    refetchInterval: 30_000,
  });

export const targetsQuery = queryOptions({
  queryKey: keys.targets,
  queryFn: async ({ signal }) => await api.get<Listed<Target>>('targets', {}, signal),
});

export const configurationQuery = queryOptions({
  queryKey: keys.configuration,
  queryFn: async ({ signal }) => await api.get<Configuration>('configuration', {}, signal),
});

function isChecking(upstreams: readonly Upstream[] = []): boolean {
  return upstreams.some(({ checks }) => checks.some(({ state }) => state === 'running'));
}
