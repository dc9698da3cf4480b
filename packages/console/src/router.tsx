import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';

import { imageCountQuery, imagesQuery, overviewQuery } from './api/queries.js';
import { queryClient } from './api/query-client.js';
import { basePath } from './base-path.js';
import { listingOf, readImageSearch } from './pages/images/search.js';
import { NotFoundPage } from './pages/not-found.js';
import { OverviewPage } from './pages/overview.js';
import { Layout } from './shell/layout.js';

const root = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage });
const page = <Path extends string>(path: Path) => ({ getParentRoute: () => root, path });

const routes = root.addChildren([
  createRoute({
    ...page('/'),
    component: OverviewPage,
    loader: () => void queryClient.prefetchQuery(overviewQuery),
  }),
  createRoute({
    ...page('/images'),
    validateSearch: readImageSearch,
    loaderDeps: ({ search }) => ({ listing: listingOf(search, Date.now()) }),
    // With the code of the page, not after it.
    loader: ({ deps: { listing } }) => {
      void queryClient.prefetchInfiniteQuery(imagesQuery(listing));
      void queryClient.prefetchQuery(imageCountQuery(listing.filter));
    },
    component: lazyRouteComponent(async () => await import('./pages/images/page.js'), 'ImagesPage'),
  }),
  createRoute({
    ...page('/image'),
    validateSearch: ({ reference }: Record<string, unknown>) => ({
      reference: typeof reference === 'string' ? reference : '',
    }),
    component: lazyRouteComponent(async () => await import('./pages/image/page.js'), 'ImagePage'),
  }),
  createRoute({
    ...page('/add'),
    component: lazyRouteComponent(async () => await import('./pages/add/page.js'), 'AddPage'),
  }),
  createRoute({
    ...page('/runs'),
    component: lazyRouteComponent(async () => await import('./pages/runs.js'), 'RunsPage'),
  }),
  createRoute({
    ...page('/runs/$run'),
    component: lazyRouteComponent(async () => await import('./pages/run.js'), 'RunPage'),
  }),
  createRoute({
    ...page('/upstreams'),
    component: lazyRouteComponent(async () => await import('./pages/upstreams.js'), 'UpstreamsPage'),
  }),
  createRoute({
    ...page('/schedules'),
    component: lazyRouteComponent(async () => await import('./pages/schedules.js'), 'SchedulesPage'),
  }),
  createRoute({
    ...page('/requests'),
    component: lazyRouteComponent(async () => await import('./pages/requests.js'), 'RequestsPage'),
  }),
  createRoute({
    ...page('/requests/$id'),
    component: lazyRouteComponent(async () => await import('./pages/request.js'), 'RequestPage'),
  }),
  createRoute({
    ...page('/targets'),
    component: lazyRouteComponent(async () => await import('./pages/targets.js'), 'TargetsPage'),
  }),
  createRoute({
    ...page('/notifications'),
    component: lazyRouteComponent(async () => await import('./pages/notifications/page.js'), 'NotificationsPage'),
  }),
  createRoute({
    ...page('/configuration'),
    component: lazyRouteComponent(async () => await import('./pages/configuration.js'), 'ConfigurationPage'),
  }),
]);

export const router = createRouter({
  routeTree: routes,
  basepath: basePath,
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
