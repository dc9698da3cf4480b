/** The pages of the console, in the order of its menu. */
export function consolePages({
  image,
  run,
  request,
}: {
  readonly image: string;
  readonly run: string;
  readonly request: string;
}): Readonly<Record<string, string>> {
  return {
    overview: '/',
    images: '/images',
    image: `/image?reference=${encodeURIComponent(image)}`,
    add: '/add',
    runs: '/runs',
    run: `/runs/${encodeURIComponent(run)}`,
    upstreams: '/upstreams',
    schedules: '/schedules',
    requests: '/requests',
    request: `/requests/${encodeURIComponent(request)}`,
    targets: '/targets',
    notifications: '/notifications',
    configuration: '/configuration',
  };
}
