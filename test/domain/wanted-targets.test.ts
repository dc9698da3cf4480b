import { describe, expect, test } from 'vitest';

import type { Target } from '../../src/domain/target.js';
import { PushStatus } from '../../src/domain/wanted-image.js';
import { chosenTargets, isWider, uniteTargets, wantedTargets } from '../../src/domain/wanted-targets.js';

const { pending, pushed, blocked, withdrawn } = PushStatus;

describe('the targets of an image', () => {
  test('are those that its rows name, whatever became of them, less the withdrawn', () => {
    const selection = wantedTargets([
      { status: pushed, targets: ['private'] },
      { status: pending, targets: ['aliyun', 'private'] },
      { status: blocked, targets: ['edge'] },
      { status: withdrawn, targets: ['third'] },
    ]);

    expect(selection).toEqual(['aliyun', 'edge', 'private']);
  });

  test('are all where one row names none', () => {
    expect(wantedTargets([{ status: pending, targets: ['aliyun'] }, { status: pushed }])).toBe('all');
  });

  test('do not follow a row without targets that was withdrawn', () => {
    expect(wantedTargets([{ status: pending, targets: ['aliyun'] }, { status: withdrawn }])).toEqual(['aliyun']);
  });

  test('are those of before where every row is withdrawn', () => {
    expect(wantedTargets([{ status: withdrawn, targets: ['aliyun'] }])).toEqual(['aliyun']);
    expect(wantedTargets([])).toBe('all');
  });

  test('are taken from the configuration in its order, without names that it does not know', () => {
    const configured = ['private', 'edge', 'aliyun'].map(target);

    const chosen = chosenTargets(['aliyun', 'gone', 'private'], configured);

    expect(chosen.map(({ name }) => name)).toEqual(['private', 'aliyun']);
    expect(chosenTargets('all', configured)).toEqual(configured);
    expect(chosenTargets(['gone'], configured)).toEqual([]);
  });
});

describe('two wishes', () => {
  test.each([
    [['b'], ['a', 'b'], ['a', 'b']],
    ['all', ['a'], 'all'],
    [['a'], 'all', 'all'],
  ] as const)('for %j and %j are one for %j', (one, other, united) => {
    expect(uniteTargets(one, other)).toEqual(united);
  });

  test.each([
    ['all', ['a'], true],
    [['a', 'b'], ['a'], true],
    [['a'], ['a', 'b'], false],
    [['a'], 'all', false],
    ['all', 'all', false],
  ] as const)('%j is wider than %j: %s', (now, before, wider) => {
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
