/** What a registry allows an account, as its documentation says. */
export interface TargetQuota {
  /** Product, and edition where that decides. */
  readonly edition: string;
  readonly repositories?: number | undefined;
  /** First parts of paths. */
  readonly namespaces?: number | undefined;
}

const known: readonly (readonly [host: RegExp, quota: TargetQuota])[] = [
  // alibabacloud.com/help/en/container-registry, "What is Container Registry", read on 2026-06-10. The Enterprise Edition's
  // limits depend on what was bought, which its host name does not tell.
  [
    /^(?:registry(?:-intl|-vpc|-internal)?\.[a-z0-9-]+\.aliyuncs\.com|[a-z0-9-]+\.[a-z0-9-]+\.personal\.cr\.aliyuncs\.com)$/,
    { edition: 'ACR Personal', repositories: 300, namespaces: 3 },
  ],
  // support.huaweicloud.com/productdesc-swr, "Quotas": organizations; repositories are not limited.
  [/^swr\.[a-z0-9-]+\.myhuaweicloud\.com$/, { edition: 'SWR', namespaces: 5 }],
];

/** @returns undefined if no limit is known */
export function knownQuota(registry: string): TargetQuota | undefined {
  return known.find(([host]) => host.test(registry))?.[1];
}
