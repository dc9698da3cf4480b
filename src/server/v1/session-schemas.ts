import { z } from '@hono/zod-openapi';

const role = z.enum(['reader', 'operator']);

/** `token`: FERRY_API_TOKEN or FERRY_VIEW_TOKEN; `link`: the link that `ferry up` prints; `oidc`: OpenID Connect. */
export const signInWay = z.enum(['token', 'link', 'oidc']);

export const Session = z
  .object({
    role,
    name: z.string().openapi({ description: 'who is signed in, as events record it' }),
    way: signInWay,
  })
  .openapi('Session');

export const SignInNeeded = z
  .object({ ways: z.array(signInWay).readonly(), detail: z.string() })
  .openapi('SignInNeeded');

export const SignIn = z.object({ token: z.string().min(1).max(1_000) }).openapi('SignIn');
