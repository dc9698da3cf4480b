import { Alert, Code, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

import { configurationQuery } from '../api/queries.js';
import type { Configuration, ConfigurationValue } from '../api/types.js';
import { Badge } from '../parts/badge.js';
import { Facts } from '../parts/facts.js';
import { Icon } from '../parts/icons.js';
import { Page } from '../parts/page.js';
import { Cell, PlainTable, Row } from '../parts/plain-table.js';
import { QueryView } from '../parts/query-view.js';

const colors = { environment: 'blue', file: 'violet', 'ferry.yaml': 'teal', default: 'gray' } as const;
const originKeys = { environment: 'environment', file: 'file', 'ferry.yaml': 'yaml', default: 'default' } as const;

export function ConfigurationPage() {
  const { t } = useTranslation();
  const configuration = useQuery(configurationQuery);
  return (
    <Page title={t('places.configuration')} description={t('configuration.description')}>
      <QueryView query={configuration}>{(data) => <ConfigurationView configuration={data} />}</QueryView>
    </Page>
  );
}

function ConfigurationView({ configuration }: { readonly configuration: Configuration }) {
  const { t } = useTranslation();
  const { version, file, dataFolder, database, values, warnings, fault } = configuration;
  const [search, setSearch] = useState('');
  const shown = values.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()));
  return (
    <>
      {fault !== undefined && (
        <Alert color="red" icon={<Icon name="warning" />} title={t('configuration.fault')} role="alert">
          <Text size="sm" className="breaking fault-lines">
            {fault}
          </Text>
        </Alert>
      )}
      {warnings.map((warning) => (
        <Alert key={warning} color="yellow" icon={<Icon name="warning" />}>
          {warning}
        </Alert>
      ))}
      <Facts
        facts={[
          [t('configuration.version'), version],
          [t('configuration.file'), file ?? t('configuration.noFile')],
          [t('configuration.dataFolder'), dataFolder],
          [t('configuration.database'), database],
        ]}
      />
      <TextInput
        label={t('configuration.search')}
        type="search"
        value={search}
        onChange={(event) => setSearch(event.currentTarget.value)}
        maw={360}
      />
      <PlainTable heads={[t('configuration.name'), t('configuration.value'), t('configuration.from')]}>
        {shown.map((value) => (
          <ValueRow key={value.name} value={value} />
        ))}
      </PlainTable>
    </>
  );
}

function ValueRow({ value: { name, from, isSet, isSecret, value } }: { readonly value: ConfigurationValue }) {
  const { t } = useTranslation();
  const shown = isSecret ? t(isSet ? 'configuration.secretSet' : 'configuration.secretNotSet') : value;
  return (
    <Row>
      <Cell>
        <Code>{name}</Code>
      </Cell>
      <Cell isBreaking>
        {shown ?? (
          <Text size="sm" c="dimmed" component="span">
            {t('configuration.notSet')}
          </Text>
        )}
      </Cell>
      <Cell>
        <Badge color={colors[from]}>{t(`configuration.origins.${originKeys[from]}`)}</Badge>
      </Cell>
    </Row>
  );
}
