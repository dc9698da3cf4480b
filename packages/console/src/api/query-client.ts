import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { keys } from './keys.js';
import { RequestFault } from './request-fault.js';

/** A session that ended shows the sign-in page, whatever request noticed it. */
function onError(error: Error): void {
  if (error instanceof RequestFault && error.status === 401) {
    void queryClient.invalidateQueries({ queryKey: keys.session, exact: true });
  }
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      // Events say what is stale; this is for what they do not cover.
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && !(error instanceof RequestFault && isFinal(error.status)),
    },
  },
});

function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 429;
}
