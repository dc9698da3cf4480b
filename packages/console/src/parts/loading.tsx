import { Group, Loader, Text } from '@mantine/core';

/** A wait with its reason. */
export function Loading({ label }: { readonly label: string }) {
  return (
    <Group gap="xs" role="status">
      <Loader size="sm" aria-hidden />
      <Text size="sm">{label}</Text>
    </Group>
  );
}
