import { describe, expect, test } from 'vitest';

import { interpolate } from '../../src/domain/compose-interpolation.js';

const variables: Readonly<Record<string, string>> = { TAG: '1.2', EMPTY: '', HOST: 'ghcr.io' };
const lookup = (name: string): string | undefined => variables[name];

describe("Compose's interpolation", () => {
  test.each([
    ['nginx:$TAG', 'nginx:1.2'],
    ['nginx:${TAG}', 'nginx:1.2'],
    ['$HOST/app:${TAG}-alpine', 'ghcr.io/app:1.2-alpine'],
    ['nginx:${NONE:-1.0}', 'nginx:1.0'],
    ['nginx:${EMPTY:-1.0}', 'nginx:1.0'],
    ['nginx:${EMPTY-1.0}', 'nginx:'],
    ['nginx:${NONE-1.0}', 'nginx:1.0'],
    ['nginx:${TAG:-1.0}', 'nginx:1.2'],
    ['nginx${TAG:+:$TAG}', 'nginx:1.2'],
    ['nginx${NONE:+:x}', 'nginx'],
    ['nginx${EMPTY:+:x}', 'nginx'],
    ['nginx${EMPTY+:x}', 'nginx:x'],
    ['nginx:${TAG:?needed}', 'nginx:1.2'],
    ['nginx:${EMPTY?needed}', 'nginx:'],
    ['${A:-${B:-${C:-deep}}}', 'deep'],
    ['${A:-$HOST}/app', 'ghcr.io/app'],
    ['${A:-${HOST}/x}:${TAG}', 'ghcr.io/x:1.2'],
    ['${A:-b?c}', 'b?c'],
    ['${A-b:-c}', 'b:-c'],
    ['a$$b', 'a$b'],
    ['$$TAG', '$TAG'],
    ['$${TAG}', '${TAG}'],
    ['$$$TAG', '$1.2'],
    ['cost: 5$', 'cost: 5$'],
    ['$1', '$1'],
    ['no variables', 'no variables'],
  ])('Compose interpolates %s to %s', (template, text) => {
    expect(interpolate(template, lookup)).toEqual({ kind: 'text', text, unset: [] });
  });

  test('a variable without a value and without a default is reported by name', () => {
    const result = interpolate('${REGISTRY}/app:${NONE:-$INNER}', lookup);

    expect(result).toEqual({ kind: 'text', text: '/app:', unset: ['REGISTRY', 'INNER'] });
  });

  test.each([
    ['nginx:${NONE:?set it to ${TAG}}', 'the variable NONE must be set: set it to 1.2'],
    ['nginx:${EMPTY:?}', 'the variable EMPTY must be set'],
    ['nginx:${NONE?}', 'the variable NONE must be set'],
    ['nginx:${TAG', 'has no closing brace'],
    ['${}', 'does not start with a variable'],
    ['${ TAG}', 'does not start with a variable'],
    ['${TAG!}', 'has neither'],
    ['${TAG:x}', 'has neither'],
    ['${1}', 'does not start with a variable'],
  ])('the template %s is refused', (template, reason) => {
    const result = interpolate(template, lookup);

    expect(result.kind === 'fault' ? result.reason : '').toContain(reason);
  });
});
