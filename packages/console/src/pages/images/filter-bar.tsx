import { Button, CloseButton, Group, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

import { overviewQuery } from '../../api/queries.js';
import { Icon } from '../../parts/icons.js';
import { ages, listedStates } from './search.js';
import type { ImageSearch } from './search.js';

const typingPauseMs = 150;

interface FilterBarProps {
  readonly search: ImageSearch;
  readonly onChange: (changed: ImageSearch) => void;
}

export function FilterBar({ search, onChange }: FilterBarProps) {
  const { t } = useTranslation();
  const { data: overview } = useQuery(overviewQuery);
  const targets = overview?.targets.map(({ target }) => target) ?? [];
  const upstreams = overview?.releases.map(({ upstream }) => upstream) ?? [];
  const codes = [...new Set(overview?.causes.map(({ code }) => code))];
  const hosts = [...new Set(overview?.causes.flatMap(({ host }) => host ?? []))];
  const isFiltered = Object.keys(search).some((name) => !['sort', 'order', 'selected'].includes(name));
  const chosen = (value: string): string | undefined => (value === '' ? undefined : value);
  return (
    <Group gap="xs" align="flex-end" role="search" className="filters">
      <SearchField value={search.search} onChange={(text) => onChange({ search: text })} />
      <NativeSelect
        label={t('images.state')}
        value={search.state ?? 'wanted'}
        data={listedStates.map((state) => ({ value: state, label: t(`listed.${state}`) }))}
        onChange={({ currentTarget: { value } }) => {
          const state = listedStates.find((one) => one === value);
          onChange({ state: state === 'wanted' ? undefined : state });
        }}
      />
      <Choice
        label={t('images.target')}
        value={search.target}
        known={targets}
        onChange={(value) => onChange({ target: chosen(value) })}
      />
      <Choice
        label={t('images.host')}
        value={search.host}
        known={hosts}
        onChange={(value) => onChange({ host: chosen(value) })}
      />
      <Choice
        label={t('images.upstream')}
        value={search.upstream}
        known={upstreams}
        onChange={(value) => onChange({ upstream: chosen(value) })}
      />
      <Choice
        label={t('images.code')}
        value={search.code}
        known={codes}
        onChange={(value) => onChange({ code: chosen(value) })}
      />
      <NativeSelect
        label={t('images.age')}
        value={search.age ?? ''}
        data={[{ value: '', label: t('images.any') }, ...ages.map((age) => ({ value: age, label: t(`age.${age}`) }))]}
        onChange={({ currentTarget: { value } }) => onChange({ age: ages.find((one) => one === value) })}
      />
      {isFiltered && (
        <Button
          variant="subtle"
          onClick={() =>
            onChange({
              search: undefined,
              state: undefined,
              target: undefined,
              host: undefined,
              upstream: undefined,
              code: undefined,
              age: undefined,
            })
          }
        >
          {t('images.clearFilters')}
        </Button>
      )}
    </Group>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly known: readonly string[];
  readonly onChange: (value: string) => void;
}

/** One of the known values, and the one of the address even if it is not known. */
function Choice({ label, value, known, onChange }: ChoiceProps) {
  const { t } = useTranslation();
  const values = value === undefined || known.includes(value) ? known : [...known, value];
  return (
    <NativeSelect
      label={label}
      value={value ?? ''}
      data={[{ value: '', label: t('images.any') }, ...values.map((one) => ({ value: one, label: one }))]}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface SearchFieldProps {
  readonly value: string | undefined;
  readonly onChange: (text: string | undefined) => void;
}

function SearchField({ value = '', onChange }: SearchFieldProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState(value);
  const report = useDebouncedCallback((text: string) => onChange(text === '' ? undefined : text), typingPauseMs);
  // The address may change otherwise, too.
  useEffect(() => setTyped(value), [value]);
  const type = (text: string): void => {
    setTyped(text);
    report(text.trim());
  };
  return (
    <TextInput
      label={t('images.search')}
      placeholder={t('images.searchHint')}
      type="search"
      value={typed}
      onChange={(event) => type(event.currentTarget.value)}
      leftSection={<Icon name="search" size={16} />}
      rightSection={typed !== '' && <CloseButton aria-label={t('images.clearSearch')} onClick={() => type('')} />}
      className="search-field"
    />
  );
}
