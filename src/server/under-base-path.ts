type Fetch<E> = (request: Request, env?: E) => Response | Promise<Response>;

/**
 * Serves an app below a path, such as `/ferry`. The same paths without it are served too: some proxies remove it.
 *
 * @param basePath without a slash at its end; '' for none
 */
export function underBasePath<E>(fetch: Fetch<E>, basePath: string): Fetch<E> {
  if (basePath === '') return fetch;
  return async (request, env) => {
    const url = new URL(request.url);
    if (url.pathname === basePath) return new Response(null, { status: 308, headers: { location: `${basePath}/` } });
    if (!url.pathname.startsWith(`${basePath}/`)) return await fetch(request, env);
    url.pathname = url.pathname.slice(basePath.length);
    return await fetch(new Request(url, request), env);
  };
}
