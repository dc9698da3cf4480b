export const languages = { en: 'English', 'zh-CN': '简体中文' } as const;
export type Language = keyof typeof languages;

/** @param preferred as in `navigator.languages`: the most preferred first */
export function languageOfBrowser(preferred: readonly string[]): Language {
  const first = preferred.find((one) => /^(en|zh)\b/i.test(one));
  return first !== undefined && /^zh/i.test(first) ? 'zh-CN' : 'en';
}
