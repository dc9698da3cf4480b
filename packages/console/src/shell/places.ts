import type { IconName } from '../parts/icons.js';

type PageName =
  | 'overview'
  | 'images'
  | 'add'
  | 'runs'
  | 'upstreams'
  | 'schedules'
  | 'requests'
  | 'targets'
  | 'notifications'
  | 'configuration';

interface Place {
  readonly name: PageName & IconName;
  readonly to: '/' | `/${Exclude<PageName, 'overview'>}`;
  /** Readers do not see it. */
  readonly operatorsOnly?: boolean;
}

/** The pages in the navigation. */
export const places: readonly Place[] = [
  { name: 'overview', to: '/' },
  { name: 'images', to: '/images' },
  { name: 'add', to: '/add', operatorsOnly: true },
  { name: 'runs', to: '/runs' },
  { name: 'upstreams', to: '/upstreams' },
  { name: 'schedules', to: '/schedules' },
  { name: 'requests', to: '/requests' },
  { name: 'targets', to: '/targets' },
  { name: 'notifications', to: '/notifications' },
  { name: 'configuration', to: '/configuration' },
];
