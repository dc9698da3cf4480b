import { expect, test } from 'vitest';

import { knownQuota } from '../../src/domain/target-quota.js';

test.each([
  'registry.cn-hangzhou.aliyuncs.com',
  'registry-vpc.cn-hangzhou.aliyuncs.com',
  'crpi-abc.cn-hangzhou.personal.cr.aliyuncs.com',
])('ACR Personal at %s allows 300 repositories in 3 namespaces', (registry) => {
  expect(knownQuota(registry)).toEqual({ edition: 'ACR Personal', repositories: 300, namespaces: 3 });
});

test('the organizations of Huawei SWR are limited', () => {
  expect(knownQuota('swr.cn-north-4.myhuaweicloud.com')).toEqual({ edition: 'SWR', namespaces: 5 });
});

test.each(['team-registry.cn-hangzhou.cr.aliyuncs.com', 'registry.example.com:5000', 'registry.aliyuncs.com.evil.org'])(
  'no limit is known of %s',
  (registry) => {
    expect(knownQuota(registry)).toBeUndefined();
  },
);
