import { excerpt } from '@image-ferry/registry/reference';
import { isMap, LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';

import type { ComposeService } from '../domain/compose-images.js';
import { errorMessage } from '../domain/error-message.js';
import { ComposeFault } from './compose-fault.js';

/** A parsed file takes hundreds of times its size. The largest compose files of well-known projects have 100 kB. */
const largestText = 256 * 1024;
/** Number of `[` and `{`, including those of variables in braces. */
const mostBrackets = 10_000;
/** Nested lists on one line. */
const nestedOnALine = /(?:[-?:][ \t]+){50}/;

/** Maximum number of alias expansions: real files merge one large block into a handful of services. */
const aliasesFollowed = 10_000;
/** Far more than any project has; the result crosses Temporal's wire in one message. */
const mostServices = 500;
/** Names are also host names, and are stored in rows. */
const longestName = 255;

/** Compose's tag `!reset` removes a key, whatever the service extends. */
const reset = Symbol('!reset');
/** Services that extend one another. */
const longestChain = 50;
const resetTags = ([undefined, 'map', 'seq'] as const).map((collection) => ({
  tag: '!reset',
  resolve: () => reset,
  ...(collection === undefined ? {} : { collection }),
}));

const Profiles = z.array(z.coerce.string()).catch([]);

const Service = z.object({
  image: z.unknown().optional(),
  build: z.unknown().optional(),
  pull_policy: z.unknown().optional(),
  profiles: Profiles.optional(),
  extends: z.union([z.string(), z.looseObject({ service: z.string(), file: z.string().optional() })]).optional(),
  env_file: z.unknown().optional(),
});
export type Service = z.infer<typeof Service> & Pick<ComposeService, 'imageAt'>;

const Services = z.record(z.string(), z.unknown());
/** A file may include others and have no services of its own. */
const Document = z.union([
  z.looseObject({ services: Services }),
  z.looseObject({
    services: Services.nullish().transform((given) => given ?? undefined),
    include: z.array(z.unknown()),
  }),
]);

/** A compose file as written: not interpolated, and without the files that it includes. */
export interface ComposeDocument {
  readonly services: ReadonlyMap<string, Service>;
  /** Services with an invalid description. */
  readonly broken: readonly ComposeService[];
  readonly include: unknown;
}

/** Finds the service that another one extends, or the reason why it is not available. */
export type FindBase = (
  from: string,
  extended: { readonly service: string; readonly file?: string | undefined },
) => { readonly at: string; readonly service: Service } | { readonly reason: string };

/**
 * Reads the images of a compose file (YAML 1.2 with merge keys).
 *
 * @param where its address, for messages
 * @throws ComposeFault naming the address
 */
export function readComposeDocument(text: string, where: string): ComposeDocument {
  assertModest(text, where);
  const lineCounter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.2',
    merge: true,
    prettyErrors: true,
    customTags: resetTags,
    lineCounter,
  });
  const [fault] = document.errors;
  if (fault !== undefined) throw notCompose(where, `it is not YAML: ${firstLine(fault.message)}`);

  const parsed = Document.safeParse(toJson(document, where));
  if (!parsed.success) throw notCompose(where, 'it has no map of services');
  const { services: written = {}, include } = parsed.data;
  const described = Object.entries(written).filter(([, value]) => value !== reset);
  if (described.length > mostServices) {
    throw notCompose(where, `it has ${described.length} services; the maximum is ${mostServices}`);
  }
  const services = new Map<string, Service>();
  const broken: ComposeService[] = [];
  for (const [name, value] of described) {
    if (name.length > longestName) {
      broken.push({
        ...unread(excerpt(name)),
        fault: `its name has ${name.length} characters; the maximum is ${longestName}`,
      });
      continue;
    }
    const service = Service.safeParse(withoutReset(value ?? {}));
    if (service.success) services.set(name, { ...service.data, ...imageAt(name, service.data) });
    else broken.push({ ...unread(name), fault: 'its definition in the compose file is not a map' });
  }
  return { services, broken, include };

  /** The image of a merged service is on the line of the service. */
  function imageAt(name: string, { image }: Service): Pick<ComposeService, 'imageAt'> {
    if (image === undefined) return {};
    const node = document.getIn(['services', name], true);
    const written = isMap(node) ? (node.get('image', true) ?? node) : node;
    const offset = isRanged(written) ? written.range[0] : 0;
    return { imageAt: { file: where, line: lineCounter.linePos(offset).line } };
  }
}

function isRanged(node: unknown): node is { readonly range: readonly [number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

/** Of the keys that are read, only the image and how it is built must not be inherited after a reset. */
function withoutReset(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const isInherited = (key: string): boolean => key === 'image' || key === 'build' || key === 'pull_policy';
  return Object.fromEntries(Object.entries(value).filter(([key, entry]) => entry !== reset || isInherited(key)));
}

/** @throws ComposeFault before parsing a text that would exhaust the memory */
function assertModest(text: string, where: string): void {
  if (text.length > largestText) {
    throw notCompose(where, `it has ${text.length} characters; the maximum is ${largestText}`);
  }
  if (text.split(/[[{]/, mostBrackets + 2).length > mostBrackets + 1 || nestedOnALine.test(text)) {
    throw notCompose(where, 'its lists and maps are nested too deeply');
  }
}

function toJson(document: ReturnType<typeof parseDocument>, where: string): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasesFollowed });
  } catch (error) {
    throw notCompose(where, `it cannot be resolved: ${errorMessage(error)}`);
  }
}

/**
 * A service with what it inherits by `extends`, also from other files.
 *
 * @param at the file that defines it
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
      fault = `it extends ${key.slice(key.indexOf(':') + 1)} in a cycle`;
      break;
    }
    seen.add(key);
    chain.push(base.service);
    from = base.at;
  }

  const image = inherited('image');
  const policy = inherited('pull_policy');
  const build = inherited('build');
  return {
    ...unread(name),
    file: at,
    imageAt: chain.find((service) => service.image !== undefined && service.image !== null)?.imageAt,
    ...(build === undefined ? {} : { build }),
    ...(typeof image === 'string' ? { image } : {}),
    isBuilt: build !== undefined,
    ...(typeof policy === 'string' ? { pullPolicy: policy } : {}),
    profiles: [...new Set(chain.flatMap(({ profiles = [] }) => profiles))],
    ...(image === undefined && fault !== undefined ? { fault } : {}),
    ...(image !== undefined && typeof image !== 'string' ? { fault: 'its image is not a string' } : {}),
  };

  function inherited(key: 'image' | 'build' | 'pull_policy'): unknown {
    const value = chain.map((service) => service[key]).find((one) => one !== undefined && one !== null);
    return value === reset ? undefined : value;
  }
}

function unread(name: string): ComposeService {
  return { name, isBuilt: false, profiles: [] };
}

function notCompose(where: string, why: string): ComposeFault {
  return new ComposeFault(`${where} is not a compose file: ${why}`);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
