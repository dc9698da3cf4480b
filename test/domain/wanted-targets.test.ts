import { describe, expect, test } from 'vitest';

import type { Target } from '../../src/domain/target.js';
import { PushStatus } from '../../src/domain/wanted-image.js';
import { chosenTargets, isWider, uniteTargets, wantedTargets } from '../../src/domain/wanted-targets.js';

const { pending, pushed, blocked, withdrawn } = PushStatus;

describe('the targets of an image', () => {
  test('the targets of an image are those of all its rows in any state, except withdrawn ones', () => {
    const selection = wantedTargets([
      { status: pushed, targets: ['private'] },
      { status: pending, targets: ['aliyun', 'private'] },
      { status: blocked, targets: ['edge'] },
      { status: withdrawn, targets: ['third'] },
    ]);

    expect(selection).toEqual(['aliyun', 'edge', 'private']);
  });

  test('the targets of an image are all targets if one row has none', () => {
    expect(wantedTargets([{ status: pending, targets: ['aliyun'] }, { status: pushed }])).toBe('all');
  });

  test('the targets of an image ignore a withdrawn row without targets', () => {
    expect(wantedTargets([{ status: pending, targets: ['aliyun'] }, { status: withdrawn }])).toEqual(['aliyun']);
  });

  test('the targets of an image are the old ones if every row is withdrawn', () => {
    expect(wantedTargets([{ status: withdrawn, targets: ['aliyun'] }])).toEqual(['aliyun']);
    expect(wantedTargets([])).toBe('all');
  });

  test('targets are chosen in the order of the configuration, without unknown names', () => {
    const configured = ['private', 'edge', 'aliyun'].map(target);

    const chosen = chosenTargets(['aliyun', 'gone', 'private'], configured);

    expect(chosen.map(({ name }) => name)).toEqual(['private', 'aliyun']);
    expect(chosenTargets('all', configured)).toEqual(configured);
    expect(chosenTargets(['gone'], configured)).toEqual([]);
  });
});

describe('two target selections', () => {
  test.each([
    [['b'], ['a', 'b'], ['a', 'b']],
    ['all', ['a'], 'all'],
    [['a'], 'all', 'all'],
  ] as const)('the union of the targets %j and %j is %j', (one, other, united) => {
    expect(uniteTargets(one, other)).toEqual(united);
  });

  test.each([
    ['all', ['a'], true],
    [['a', 'b'], ['a'], true],
    [['a'], ['a', 'b'], false],
    [['a'], 'all', false],
    ['all', 'all', false],
  ] as const)('whether the targets %j contain more than %j: %s', (now, before, wider) => {
    expect(isWider(now, before)).toBe(wider);
  });
});

function target(name: string): Target {
  return {
    name,
    registry: `${name}.test`,
    namespace: '',
    naming: 'private',
    manifestPolicy: 'keep',
    explicitNames: {},
  };
}
