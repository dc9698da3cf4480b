import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';

import { channelsQuery } from '../../api/queries.js';
import { Empty } from '../../parts/empty.js';
import { Page } from '../../parts/page.js';
import { QueryView } from '../../parts/query-view.js';
import { ChannelSection } from './channel-section.js';
import { MessageLog } from './message-log.js';

export function NotificationsPage() {
  const { t } = useTranslation();
  const channels = useQuery(channelsQuery);
  return (
    <Page title={t('places.notifications')} description={t('notifications.description')}>
      <QueryView query={channels}>
        {({ items }) => {
          if (items.length === 0) {
            return (
              <Empty icon="notifications" title={t('notifications.none')}>
                {t('notifications.noneHint')}
              </Empty>
            );
          }
          return items.map((channel) => <ChannelSection key={channel.name} channel={channel} />);
        }}
      </QueryView>
      <MessageLog channels={channels.data?.items.map(({ name }) => name) ?? []} />
    </Page>
  );
}
