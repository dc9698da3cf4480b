import { Button, Center, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { apiUrl } from '../api/client.js';
import { signInByToken } from '../api/session.js';
import type { SignInWay } from '../api/types.js';
import { FaultNotice } from '../parts/fault-notice.js';
import { Logo } from '../parts/logo.js';
import { LanguageSwitch } from './language-switch.js';
import { ThemeSwitch } from './theme-switch.js';

export function SignIn({ ways }: { readonly ways: readonly SignInWay[] }) {
  const { t } = useTranslation();
  return (
    <Center component="main" mih="100vh" p="md" className="sign-in">
      <Stack w="100%" maw={400}>
        <Paper withBorder shadow="sm" p="xl" radius="lg">
          <Stack>
            <Group gap="sm">
              <Logo size={36} />
              <div>
                <Title order={1} size="h3">
                  {t('common.product')}
                </Title>
                <Text size="sm" c="dimmed">
                  {t('signIn.title')}
                </Text>
              </div>
            </Group>
            {ways.includes('oidc') && (
              <Button component="a" href={apiUrl('session/oidc')} size="md">
                {t('signIn.oidc')}
              </Button>
            )}
            {ways.includes('token') && <TokenForm isSecond={ways.includes('oidc')} />}
            {ways.includes('link') && <Text size="sm">{t('signIn.link')}</Text>}
            {ways.length === 0 && <Text size="sm">{t('signIn.none')}</Text>}
          </Stack>
        </Paper>
        <Group justify="center">
          <LanguageSwitch />
          <ThemeSwitch />
        </Group>
      </Stack>
    </Center>
  );
}

function TokenForm({ isSecond }: { readonly isSecond: boolean }) {
  const { t } = useTranslation();
  const [token, setToken] = useState('');
  const { mutate, isPending, error } = useMutation({ mutationFn: signInByToken });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim() !== '') mutate(token.trim());
      }}
    >
      <Stack gap="sm">
        <PasswordInput
          label={t('signIn.token')}
          description={t('signIn.tokenHint')}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          autoComplete="current-password"
          autoFocus
          required
          withAsterisk={false}
        />
        {error !== null && <FaultNotice error={error} />}
        <Button type="submit" loading={isPending} variant={isSecond ? 'default' : 'filled'}>
          {t('signIn.submit')}
        </Button>
      </Stack>
    </form>
  );
}
