/**
 * Users' names and passwords that somebody typed in front of a registry's host (`user:password@host/image`). No
 * reference has them, and what holds one must get no further than the person who typed it.
 */

/** No digest, the only thing that may follow an "@", has a slash or looks like a host. */
const typed = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(.*)@(?=[^@]*\/|(?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?$)/is;

export function holdsPassword(text: string): boolean {
  return typed.test(text);
}

/** The text with `***` for what stands between the user's name and the "@"; a token without a name goes whole. */
export function withoutPassword(text: string): string {
  return text.replace(typed, (_all, user: string) => `${user.includes(':') ? `${user.split(':', 1)[0]}:` : ''}***@`);
}
