import { useTranslation } from 'react-i18next';

import { Badge } from './badge.js';

const colors = {
  pending: 'gray',
  waiting: 'yellow',
  retrying: 'orange',
  blocked: 'red',
  pushed: 'green',
  adopted: 'teal',
  withdrawn: 'outline',
} as const;

type ShownState = keyof typeof colors;

/** The state of an image or of a copy: a colour and a word, since not everybody sees the colour. */
export function StateBadge({ state }: { readonly state: ShownState }) {
  const { t } = useTranslation();
  return <Badge color={colors[state]}>{t(`state.${state}`)}</Badge>;
}
