import type { Context } from 'hono';

import { refusal } from '../problems.js';

/**
 * Checks that a request which changes something, and which a browser may have sent with the cookie of a session, comes from
 * a page of this server. Programs send a token instead, which browsers do not add.
 *
 * @param publicUrl where browsers reach the server; absent: at the host that the request names
 * @returns a check that throws HTTPException 403
 */
export function ownPageCheck(publicUrl: URL | undefined): (context: Context) => void {
  return (context) => {
    if (['GET', 'HEAD', 'OPTIONS'].includes(context.req.method)) return;
    const site = context.req.header('sec-fetch-site');
    const origin = context.req.header('origin');
    // Browsers do not let pages set either header.
    const isOwn = site === undefined ? isOwnOrigin(origin, context) : site === 'same-origin';
    if (!isOwn) throw refusal(403, 'a page of another server sent this request; programs send a token instead');
  };

  function isOwnOrigin(origin: string | undefined, context: Context): boolean {
    if (origin === undefined || !URL.canParse(origin)) return false;
    if (publicUrl !== undefined) return new URL(origin).origin === publicUrl.origin;
    // A proxy that ends TLS changes the scheme.
    return new URL(origin).host === context.req.header('host');
  }
}
