/** Keys of the queries. */
import type { ImageFilter, ImageSort } from './types.js';

export interface ImageListing {
  readonly filter: ImageFilter;
  readonly sort: ImageSort;
  readonly order: 'asc' | 'desc';
}

export const keys = {
  session: ['session'],
  events: ['events'],
  progress: ['progress'],
  overview: ['overview'],
  imageLists: ['images'],
  images: (listing: ImageListing) => ['images', listing],
  imageCount: (filter: ImageFilter) => ['image-count', filter],
  image: (reference: string) => ['image', reference],
  runs: ['runs'],
  run: (id: string) => ['run', id],
  upstreams: ['upstreams'],
  schedules: ['schedules'],
  requests: (filter: { readonly kind?: string | undefined; readonly outcome?: string | undefined }) => [
    'requests',
    filter,
  ],
  request: (id: string) => ['request', id],
  targets: ['targets'],
  audits: ['audits'],
  channels: ['channels'],
  notificationLists: ['notifications'],
  notifications: (filter: { readonly channel?: string | undefined; readonly failed?: 'true' | undefined }) => [
    'notifications',
    filter,
  ],
  configuration: ['configuration'],
} as const;
