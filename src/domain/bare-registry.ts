import { wellKnownRegistries } from './source-allow-list.js';

/** More names that stand for registries alone; in the other list are patterns, too, which no text is. */
const moreRegistries = ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com', 'k8s.gcr.io'];
const registries: ReadonlySet<string> = new Set([...wellKnownRegistries, ...moreRegistries]);
/** Clouds give each of their customers, or regions, a registry below one of these. */
const belowClouds = /\.(?:gcr\.io|pkg\.dev|azurecr\.io|amazonaws\.com|aliyuncs\.com)$/;

/**
 * The registry's host that a text is, whole, where a person meant a repository there and forgot to type it. By the
 * grammar such a text is an image of Docker Hub (`127.0.0.1:5502` the repository `library/127.0.0.1` with the tag 5502),
 * so that this is to be asked only about what people type, never about rows.
 *
 * A tag of one to three digits is a version (`rocket.chat:7`), and a name without a dot is an image whatever stands
 * behind it (`registry:5000`, `ubuntu:2404`).
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
