/**
 * User names and passwords typed before a registry host (`user:password@host/image`). No reference contains them. Text with
 * a password must only be shown to the person who typed it.
 */

/** Only a digest may follow an "@" in a reference, and no digest contains a slash or looks like a host. */
const typed = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(.*)@(?=[^@]*\/|(?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?$)/is;

/** holdsPassword checks if a text contains a user name or a password in front of a host, as in `user:password@host/image`. */
export function holdsPassword(text: string): boolean {
  return typed.test(text);
}

/** Replaces the text between the user name and the "@" by `***`; a token without a user name is replaced whole. */
export function withoutPassword(text: string): string {
  return text.replace(typed, (_all, user: string) => `${user.includes(':') ? `${user.split(':', 1)[0]}:` : ''}***@`);
}
