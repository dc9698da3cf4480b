/** Shapes that several routes share: refusals, what became of references, and what a document says of each. */
import { z } from '@hono/zod-openapi';

/** RFC 9457 */
const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'what is wrong, and what to do' }),
  })
  .openapi('Problem');

/** As GitHub's API answers, whose clients read `message`. */
const GitHubProblem = z
  .object({ message: z.string(), status: z.string(), title: z.string(), detail: z.string() })
  .openapi('GitHubProblem');

const descriptions = {
  400: 'A header or the JSON cannot be read.',
  401: 'The token, or the signature, is missing or wrong.',
  403: 'Only an operator may do this, from a page of this server.',
  404: 'Not found.',
  409: 'It is not complete yet; see detail.',
  413: 'The body is longer than 1 MB.',
  415: 'The content type is not JSON.',
  422: 'A field is wrong.',
  429: 'Too many requests in a minute; see Retry-After.',
  500: 'The request could not be handled; the log of the server has the reason.',
  503: 'Temporal or the database is not available; see detail.',
} as const;
type RefusalStatus = keyof typeof descriptions;

export const bearerToken = { security: [{ token: [] }] };

/** Responses of a route that refuses with JSON problems. */
export function problems<S extends RefusalStatus>(...statuses: readonly S[]) {
  return responsesFor(statuses, { 'application/problem+json': { schema: Problem } });
}

/** The same in the shape of GitHub's API. */
export function gitHubProblems<S extends RefusalStatus>(...statuses: readonly S[]) {
  return responsesFor(statuses, { 'application/json': { schema: GitHubProblem } });
}

/** A response of JSON. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

function responsesFor<S extends RefusalStatus, C>(statuses: readonly S[], content: C) {
  const entries = statuses.map((status) => [status, { description: descriptions[status], content }]);
  return Object.fromEntries(entries) as Readonly<Record<S, { readonly description: string; readonly content: C }>>;
}
