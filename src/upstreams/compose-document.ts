import { parseDocument } from 'yaml';
import * as z from 'zod';

import type { ComposeService } from '../domain/compose-images.js';
import { excerpt } from '@image-ferry/registry/reference';
import { UpstreamFault } from './upstream-fault.js';

/** A parsed file takes hundreds of times its bytes. The largest compose files of well-known projects have 100 kB. */
const largestText = 256 * 1024;
/** Of `[` and `{`, variables in braces among them. */
const mostBrackets = 10_000;
/** Lists within lists on one line. */
const nestedOnALine = /(?:[-?:][ \t]+){50}/;

/** Aliases may be followed this often: real files merge one large block into a handful of services. */
const aliasesFollowed = 10_000;
/** Far more than any project has; what is found in them crosses Temporal's wire in one piece. */
const mostServices = 500;
/** Names are those of hosts, and stand in rows. */
const longestName = 255;

/** What Compose's own tag `!reset` makes of a value: the key has none, whatever the service extends. */
const reset = Symbol('!reset');
/** Services that extend one another. */
const longestChain = 50;
const resetTags = ([undefined, 'map', 'seq'] as const).map((collection) => ({
  tag: '!reset',
  resolve: () => reset,
  ...(collection === undefined ? {} : { collection }),
}));

const Profiles = z.array(z.coerce.string()).catch([]);

const Service = z.looseObject({
  image: z.unknown().optional(),
  build: z.unknown().optional(),
  pull_policy: z.unknown().optional(),
  profiles: Profiles.optional(),
  extends: z.union([z.string(), z.looseObject({ service: z.string(), file: z.string().optional() })]).optional(),
  env_file: z.unknown().optional(),
});
export type Service = z.infer<typeof Service>;

const Services = z.record(z.string(), z.unknown());
/** A file may include others and have no services of its own. */
const Document = z.union([
  z.looseObject({ services: Services }),
  z.looseObject({
    services: Services.nullish().transform((given) => given ?? undefined),
    include: z.array(z.unknown()),
  }),
]);

/** A compose file as it is written: nothing is interpolated, and no other file is read. */
export interface ComposeDocument {
  readonly services: ReadonlyMap<string, Service>;
  /** Services whose description cannot be read. */
  readonly broken: readonly ComposeService[];
  readonly include: unknown;
}

/** Finds what a service extends; the reason where it cannot be had. */
export type FindBase = (
  from: string,
  extended: { readonly service: string; readonly file?: string | undefined },
) => { readonly at: string; readonly service: Service } | { readonly reason: string };

/**
 * Reads a compose file (YAML 1.2 with merge keys) as far as images go.
 *
 * @param where its address, for messages
 * @throws UpstreamFault `upstream-format` naming the address
 */
export function readComposeDocument(text: string, where: string): ComposeDocument {
  assertModest(text, where);
  const document = parseDocument(text, { version: '1.2', merge: true, prettyErrors: true, customTags: resetTags });
  const [fault] = document.errors;
  if (fault !== undefined) throw notCompose(where, `it is not YAML: ${firstLine(fault.message)}`);

  const parsed = Document.safeParse(toJson(document, where));
  if (!parsed.success) throw notCompose(where, 'it has no map of services');
  const { services: written = {}, include } = parsed.data;
  const described = Object.entries(written).filter(([, value]) => value !== reset);
  if (described.length > mostServices) {
    throw notCompose(where, `it has ${described.length} services, and ${mostServices} are read at most`);
  }
  const services = new Map<string, Service>();
  const broken: ComposeService[] = [];
  for (const [name, value] of described) {
    if (name.length > longestName) {
      broken.push({ ...unread(excerpt(name)), fault: `its name has ${name.length} characters` });
      continue;
    }
    const service = Service.safeParse(withoutReset(value ?? {}));
    if (service.success) services.set(name, service.data);
    else broken.push({ ...unread(name), fault: 'its description in the compose file is not a map' });
  }
  return { services, broken, include };
}

/** Of the keys that are read, only the image and how it is built are inherited in a way that has to be stopped. */
function withoutReset(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const isInherited = (key: string): boolean => key === 'image' || key === 'build' || key === 'pull_policy';
  return Object.fromEntries(Object.entries(value).filter(([key, entry]) => entry !== reset || isInherited(key)));
}

/** @throws UpstreamFault before a text is taken apart that would fill the memory */
function assertModest(text: string, where: string): void {
  if (text.length > largestText) {
    throw notCompose(where, `it has ${text.length} characters, and ${largestText} are read at most`);
  }
  if (text.split(/[[{]/, mostBrackets + 2).length > mostBrackets + 1 || nestedOnALine.test(text)) {
    throw notCompose(where, 'it has more lists and maps within one another than any compose file');
  }
}

function toJson(document: ReturnType<typeof parseDocument>, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesFollowed });
  } catch (error) {
    throw notCompose(where, `it cannot be resolved: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * A service with what it inherits by `extends`, also from other files.
 *
 * @param at the file that describes it
 */
export function readService(name: string, own: Service, at: string, find: FindBase): ComposeService {
  const chain = [own];
  const seen = new Set([`${at}:${name}`]);
  let fault: string | undefined;
  let from = at;
  for (let extended = own.extends; extended !== undefined; extended = chain.at(-1)?.extends) {
    const base = find(from, typeof extended === 'string' ? { service: extended } : extended);
    if ('reason' in base) {
      fault = base.reason;
      break;
    }
    const key = `${base.at}:${typeof extended === 'string' ? extended : extended.service}`;
    if (seen.has(key) || chain.length > longestChain) {
      fault = `it extends ${key.slice(key.indexOf(':') + 1)} in a circle`;
      break;
    }
    seen.add(key);
    chain.push(base.service);
    from = base.at;
  }

  const image = inherited('image');
  const policy = inherited('pull_policy');
  return {
    ...unread(name),
    ...(typeof image === 'string' ? { image } : {}),
    isBuilt: inherited('build') !== undefined,
    ...(typeof policy === 'string' ? { pullPolicy: policy } : {}),
    profiles: [...new Set(chain.flatMap(({ profiles = [] }) => profiles))],
    ...(image === undefined && fault !== undefined ? { fault } : {}),
    ...(image !== undefined && typeof image !== 'string' ? { fault: 'its image is not a text' } : {}),
  };

  function inherited(key: 'image' | 'build' | 'pull_policy'): unknown {
    const value = chain.map((service) => service[key]).find((one) => one !== undefined && one !== null);
    return value === reset ? undefined : value;
  }
}

function unread(name: string): ComposeService {
  return { name, isBuilt: false, profiles: [] };
}

function notCompose(where: string, why: string): UpstreamFault {
  return new UpstreamFault(`${where} is not a compose file: ${why}`, { code: 'upstream-format', decision: 'block' });
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
