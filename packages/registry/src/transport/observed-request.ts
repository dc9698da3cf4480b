import type { ObservedRequest, RequestObserver } from '../client-options.js';
import type { RegistryHost } from './registry-host.js';
import type { RegistryRequest } from './request-options.js';

type Facts = Omit<ObservedRequest, 'host'>;

/** Reports a request to the client's observer, and its answer when its head has arrived. Without one nothing is done. */
export async function observed<T extends { readonly statusCode?: number | undefined }>(
  { observer }: Pick<RegistryHost, 'observer'>,
  facts: Facts,
  url: URL,
  send: () => Promise<T>,
): Promise<T> {
  if (observer === undefined) return await send();
  const end = begin(observer, facts, url);
  try {
    const answer = await send();
    end({ status: answer.statusCode });
    return answer;
  } catch (error) {
    end({ error: codeOf(error) });
    throw error;
  }
}

/** The same for a request whose body the caller still writes, or whose answer is no HTTP (undefined). */
export function observeAnswer(
  { observer }: Pick<RegistryHost, 'observer'>,
  facts: Facts,
  url: URL,
  response: Promise<{ readonly statusCode?: number | undefined } | undefined>,
): void {
  if (observer === undefined) return;
  const end = begin(observer, facts, url);
  response.then(
    (answer) => end({ status: answer?.statusCode }),
    (error: unknown) => end({ error: codeOf(error) }),
  );
}

/** The facts of a request that an observer gets. */
export function factsOf({ method, resource, repo }: Pick<RegistryRequest, 'method' | 'resource' | 'repo'>): Facts {
  return { method, resource, side: repo.side };
}

/** Host and port alone: paths of uploads, and queries of signed URLs, are secrets. */
function begin(observer: RequestObserver, facts: Facts, url: URL): ReturnType<RequestObserver> {
  return observer({ ...facts, host: url.host });
}

/** Node's code of a network error, or the name of its class: a message may quote a URL. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
