import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createContext, use } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import { sessionQuery } from '../api/session.js';
import type { Session } from '../api/types.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { SignIn } from './sign-in.js';

const SessionContext = createContext<Session | undefined>(undefined);

/** Shows the sign-in page until there is a session, and the console then. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(sessionQuery);
  if (data === undefined) {
    return (
      <Center component="main" mih="100vh" p="md">
        {error === null ? (
          <Loader aria-label={t('common.loading')} />
        ) : (
          <FaultNotice error={error} onRetry={() => void refetch()} />
        )}
      </Center>
    );
  }
  if (data.session === undefined) return <SignIn ways={data.ways} />;
  return <SessionContext value={data.session}>{children}</SessionContext>;
}

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === undefined) throw new TypeError('useSession is used outside of SessionGate');
  return session;
}

/** Whether there are buttons that change something. The server checks again. */
export function useIsOperator(): boolean {
  return useSession().role === 'operator';
}
