import { Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

import type { UpstreamCheck } from '../../api/types.js';
import { Badge } from '../../parts/badge.js';
import { TextLink } from '../../parts/links.js';
import { Moment } from '../../parts/moment.js';
import { ReferenceText } from '../../parts/reference-text.js';

const colors = { running: 'blue', done: 'green', failed: 'red', cancelled: 'gray' } as const;
type Change = UpstreamCheck['added'][number];

/** One check of an upstream: what the release added, changed and removed. */
export function CheckDetails({ check, isOpen }: { readonly check: UpstreamCheck; readonly isOpen: boolean }) {
  const { t } = useTranslation();
  const { state, startedAt, release, previous, isNew, added, changed, removed, unchanged, waitsFor, fault } = check;
  const { skipped, notes, wanted } = check;
  const refused = wanted.filter(({ reason }) => reason !== undefined);
  return (
    <details className="check" open={isOpen}>
      <summary>
        <span className="check-head">
          <Badge color={colors[state]}>{t(`upstreams.states.${state}`)}</Badge>
          <Text size="sm" component="span">
            {release !== undefined && previous !== undefined && previous !== release
              ? `${previous} → ${release}`
              : release}
          </Text>
          <Text size="xs" c="dimmed" component="span">
            <Moment at={startedAt} />
          </Text>
        </span>
      </summary>
      <Stack gap={6} mt="xs">
        {waitsFor !== undefined && <Text size="sm">{t('upstreams.waitsFor', { what: waitsFor })}</Text>}
        {fault !== undefined && (
          <Text size="sm" className="blocked-text breaking">
            {fault}
          </Text>
        )}
        {isNew === false && (
          <Text size="sm" c="dimmed">
            {t('upstreams.handledBefore')}
          </Text>
        )}
        <Changes title={t('upstreams.added')} changes={added} />
        <Changes title={t('upstreams.changed')} changes={changed} />
        <Changes title={t('upstreams.removed')} changes={removed} />
        {unchanged > 0 && (
          <Text size="sm" c="dimmed">
            {t('upstreams.unchanged', { count: unchanged })}
          </Text>
        )}
        <Lines
          title={t('upstreams.notWanted')}
          lines={[
            ...refused.map(({ image, reason }) => `${image}: ${reason ?? ''}`),
            ...skipped.map(({ what, reason }) => `${what}: ${reason}`),
          ]}
        />
        <Lines title={t('upstreams.notes')} lines={notes} />
      </Stack>
    </details>
  );
}

/** What the check says in its own words, which are English. */
function Lines({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) {
  if (lines.length === 0) return null;
  return (
    <Titled title={title}>
      {lines.map((line) => (
        <Text key={line} size="sm" className="breaking" lang="en">
          {line}
        </Text>
      ))}
    </Titled>
  );
}

function Changes({ title, changes }: { readonly title: string; readonly changes: readonly Change[] }) {
  if (changes.length === 0) return null;
  return (
    <Titled title={title}>
      <ul className="changes">
        {changes.map(({ image, services, oldTag, newTag }) => (
          <li key={`${image} ${services.join(' ')}`}>
            <TextLink to="/image" search={{ reference: image }} size="sm" className="breaking">
              <ReferenceText text={image} />
            </TextLink>
            {oldTag !== undefined && newTag !== undefined && ` ${oldTag} → ${newTag}`}
            {services.length > 0 && (
              <Text size="xs" c="dimmed" component="span">
                {' '}
                {services.join(', ')}
              </Text>
            )}
          </li>
        ))}
      </ul>
    </Titled>
  );
}

function Titled({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {children}
    </div>
  );
}
