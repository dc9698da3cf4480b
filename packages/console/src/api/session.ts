import { queryOptions } from '@tanstack/react-query';

import { v1 } from './client.js';
import { keys } from './keys.js';
import { queryClient } from './query-client.js';
import { accepted, bodyOf } from './request-fault.js';
import type { Session, SignInWay } from './types.js';

interface SessionState {
  /** Absent: not signed in. */
  readonly session?: Session | undefined;
  /** How one can sign in. */
  readonly ways: readonly SignInWay[];
}

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  staleTime: 60_000,
  queryFn: async (): Promise<SessionState> => {
    const response = await v1.session.$get();
    if (response.status === 401) return { ways: (await response.json()).ways };
    return { session: await bodyOf(Promise.resolve(response)), ways: [] };
  },
});

/** @throws RequestFault for a wrong token, or after too many of them */
export async function signInByToken(token: string): Promise<void> {
  const session = await bodyOf(v1.session.$post({ json: { token } }));
  queryClient.setQueryData(keys.session, { session, ways: [] } satisfies SessionState);
}

/** @throws RequestFault if the session goes on */
export async function signOut(): Promise<void> {
  await accepted(v1.session.$delete());
  queryClient.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] });
  await queryClient.invalidateQueries({ queryKey: keys.session });
}
