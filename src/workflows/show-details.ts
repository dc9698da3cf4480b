import { setCurrentDetails } from '@temporalio/workflow';

import { asMarkdownText } from '../domain/markdown-text.js';

/** Sets the details of a workflow in Temporal's web UI, which renders them as Markdown. */
export function showDetails(...lines: readonly string[]): void {
  setCurrentDetails(lines.map(asMarkdownText).join('\n'));
}
