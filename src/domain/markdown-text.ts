import { visibleText } from './visible-text.js';

/** Text of others within Markdown: no link, no HTML, no code, and nothing hidden. */
export function asMarkdownText(text: string): string {
  return visibleText(text).replace(/[\\`[\]<>]/g, '\\$&');
}

/** Such text as a terminal shows it. */
export function fromMarkdownText(markdown: string): string {
  return markdown.replace(/\\([\\`[\]<>])/g, '$1');
}
