import { visibleText } from './visible-text.js';

/** Escapes untrusted text for Markdown: no link, no HTML, no code, and no hidden characters. */
export function asMarkdownText(text: string): string {
  return visibleText(text).replace(/[\\`[\]<>]/g, '\\$&');
}

/** Removes the escapes of {@link asMarkdownText} for a terminal. */
export function fromMarkdownText(markdown: string): string {
  return markdown.replace(/\\([\\`[\]<>])/g, '$1');
}
