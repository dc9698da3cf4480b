import { wellKnownRegistries } from './source-allow-list.js';

/** More names of registries. `wellKnownRegistries` also contains patterns, which never equal a text. */
const moreRegistries = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com', 'k8s.gcr.io'];
const registries: ReadonlySet<string> = new Set([...wellKnownRegistries, ...moreRegistries]);
/** Cloud providers give each customer, or each region, a registry below one of these domains. */
const belowClouds = /\.(?:gcr\.io|pkg\.dev|azurecr\.io|amazonaws\.com|aliyuncs\.com)$/;

/**
 * bareRegistry returns the registry host if the whole text is one: a person typed the registry and forgot the repository.
 * By the grammar such a text is an image of Docker Hub (`127.0.0.1:5502` is the repository `library/127.0.0.1` with the
 * tag 5502), so call it only for text that a person typed, never for rows.
 *
 * A tag of one to three digits is a version (`rocket.chat:7`), and a name without a dot is always an image
 * (`registry:5000`, `ubuntu:2404`).
 *
 * @returns in lower case, with its port; undefined for everything that may be an image
 */
export function bareRegistry(text: string): string | undefined {
  const whole = text.toLowerCase().replace(/\/+$/, '');
  const [, name = '', port] = /^([a-z0-9.-]+)(?::(\d{1,5}))?$/.exec(whole) ?? [];
  const isRegistry =
    /^\d{1,3}(?:\.\d{1,3}){3}$/.test(name) ||
    registries.has(name) ||
    belowClouds.test(name) ||
    (name === 'localhost' && (port === undefined || isUsualPort(port))) ||
    (name.includes('.') && port !== undefined && isUsualPort(port));
  return isRegistry ? whole : undefined;
}

function isUsualPort(port: string): boolean {
  return port === '443' || (/^[1-9]\d{3,4}$/.test(port) && Number(port) <= 65_535);
}
