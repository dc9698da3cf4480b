import { Ajv2020 } from 'ajv/dist/2020.js';

type Schema = Readonly<Record<string, unknown>>;

/** The OpenAPI document of a server. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Schema }>>>>;
  readonly components: Schema;
}

/** Every route of the document, as `get /api/status`. */
export function routesOf({ paths }: OpenApiDocument): readonly string[] {
  return Object.entries(paths).flatMap(([route, methods]) =>
    Object.keys(methods).map((method) => `${method} ${route}`),
  );
}

/** How an answer differs from what the document says of the route; a field that it does not name is a difference. */
export function answerFaults(
  document: OpenApiDocument,
  route: string,
  { status, body }: { readonly status: number; readonly body: unknown },
): string | undefined {
  const [method = '', path = ''] = route.split(' ');
  const responses = document.paths[path]?.[method]?.responses ?? {};
  if (!Object.keys(responses).includes(String(status))) return `${route} does not name the status ${status}`;
  if (body === undefined) return undefined;
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema({ $id: 'document', ...strict(document) });
  const pointer = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}/responses/${status}`;
  const isRight = ajv.validate({ $ref: `document#${pointer}/content/application~1json/schema` }, body);
  return isRight ? undefined : `${route}: ${ajv.errorsText()} in ${JSON.stringify(body)}`;
}

/** A field that the document does not name is a fault here, though not for clients. */
function strict<T>(value: T): T {
  if (Array.isArray(value)) return value.map(strict) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, strict(inner)] as const);
  const isClosed = 'properties' in value && !('additionalProperties' in value);
  return Object.fromEntries([...entries, ...(isClosed ? [['additionalProperties', false]] : [])]) as T;
}
