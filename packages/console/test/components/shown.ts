import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import i18next from 'i18next';
import { createElement } from 'react';
import type { ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { initReactI18next } from 'react-i18next';

import { keys } from '../../src/api/keys.js';
import type { Progress } from '../../src/api/types.js';
import { en } from '../../src/i18n/en.js';
import { zhCn } from '../../src/i18n/zh-cn.js';

/** The HTML of components in a language, and its text. */
export async function shown(
  element: ReactNode,
  { language = 'en', progress }: { readonly language?: 'en' | 'zh-CN'; readonly progress?: Progress } = {},
): Promise<{ readonly html: string; readonly text: string }> {
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { en: { translation: en }, 'zh-CN': { translation: zhCn } },
    interpolation: { escapeValue: false },
  });
  const client = new QueryClient();
  if (progress !== undefined) client.setQueryData(keys.progress, progress);
  const html = renderToStaticMarkup(
    createElement(MantineProvider, null, createElement(QueryClientProvider, { client }, element)),
  ).replaceAll(/<style[^>]*>[\s\S]*?<\/style>/g, '');
  return {
    html,
    text: html
      // It only says where a name may break.
      .replaceAll('<wbr/>', '')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/\s+/g, ' ')
      .trim(),
  };
}
