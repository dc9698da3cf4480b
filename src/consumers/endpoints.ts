/**
 * The names of a registry inside its cloud's network.
 *
 * Sources: Alibaba Cloud, "What is Container Registry" and "Configure a VPC ACL" (alibabacloud.com/help/en/container-registry);
 * Tencent Cloud, "Private Network Access Control" (intl.cloud.tencent.com/document/product/1051/35492); Huawei Cloud, "Private
 * Network Access" of SWR (support.huaweicloud.com, usermanual2-swr); Volcengine's
 * Terraform resource `cr_vpc_endpoint`.
 */
import { InvalidInput } from '../domain/ferry-error.js';

export const endpoints = ['public', 'vpc', 'internal'] as const;
export type Endpoint = (typeof endpoints)[number];

interface Cloud {
  readonly title: string;
  readonly host: RegExp;
  readonly vpc: string;
  /** In the classic network. Absent: there is none. */
  readonly internal?: string | undefined;
  /** No documentation that could be read says this name. */
  readonly isAssumed?: boolean | undefined;
}

/** `$1` and so on in `vpc` and `internal` are groups of `host`. A host that is inside already matches, too. */
const clouds: readonly Cloud[] = [
  {
    title: 'Alibaba Cloud, Personal Edition',
    host: /^registry(?:-vpc|-internal)?\.([a-z0-9-]+)\.aliyuncs\.com$/,
    vpc: 'registry-vpc.$1.aliyuncs.com',
    internal: 'registry-internal.$1.aliyuncs.com',
  },
  {
    title: 'Alibaba Cloud, Personal Edition with a host of its own',
    host: /^(crpi-[a-z0-9]+?)(?:-vpc)?\.([a-z0-9-]+)\.personal\.cr\.aliyuncs\.com$/,
    vpc: '$1-vpc.$2.personal.cr.aliyuncs.com',
  },
  {
    title: 'Alibaba Cloud, Enterprise Edition',
    host: /^([a-z0-9-]+?-registry)(?:-vpc)?\.([a-z0-9-]+)\.cr\.aliyuncs\.com$/,
    vpc: '$1-vpc.$2.cr.aliyuncs.com',
  },
  {
    title: 'Tencent Cloud TCR',
    host: /^([a-z0-9-]+?)(?:-vpc)?\.tencentcloudcr\.com$/,
    vpc: '$1-vpc.tencentcloudcr.com',
  },
  // These two clouds answer the same name with a private address, once the network is allowed.
  {
    title: 'Huawei Cloud SWR',
    host: /^(swr\.[a-z0-9-]+\.myhuaweicloud\.com)$/,
    vpc: '$1',
  },
  {
    title: 'Volcengine CR',
    host: /^([a-z0-9-]+\.cr\.volces\.com)$/,
    vpc: '$1',
    isAssumed: true,
  },
];

/**
 * endpointHost returns the host by which consumers reach a registry.
 *
 * @throws InvalidInput if the host has no such endpoint, or is not known
 */
export function endpointHost(host: string, endpoint: Endpoint): string {
  if (endpoint === 'public') return host;
  const cloud = clouds.find((one) => one.host.test(host));
  if (cloud === undefined) {
    throw new InvalidInput(
      `--endpoint ${endpoint}: ${host} is no registry of Alibaba Cloud, Tencent Cloud, Huawei Cloud or Volcengine, so its names inside a private network are not known: leave the option out`,
      'configuration',
    );
  }
  const inside = cloud[endpoint];
  if (inside === undefined) {
    throw new InvalidInput(
      `--endpoint ${endpoint}: ${host} (${cloud.title}) has only the endpoint vpc`,
      'configuration',
    );
  }
  return host.replace(cloud.host, inside);
}

/** What a person should know about an endpoint. */
export function endpointNote(host: string, endpoint: Endpoint): string | undefined {
  const cloud = clouds.find((one) => one.host.test(host));
  if (endpoint === 'public' || cloud?.isAssumed !== true) return undefined;
  return `it is an assumption that ${cloud.title} has the same name inside its network: try a pull there`;
}

/** All hosts by which a registry is reached. */
export function hostsOf(host: string): readonly string[] {
  const cloud = clouds.find((one) => one.host.test(host));
  if (cloud === undefined) return [host];
  const inside = [cloud.vpc, cloud.internal].flatMap((name) =>
    name === undefined ? [] : [host.replace(cloud.host, name)],
  );
  return [...new Set([host, ...inside])];
}
