import { setCurrentDetails } from '@temporalio/workflow';

import { asMarkdownText } from '../domain/markdown-text.js';

/** What Temporal's web page shows of a workflow, which takes it for Markdown. */
export function showDetails(...lines: readonly string[]): void {
  setCurrentDetails(lines.map(asMarkdownText).join('\n'));
}
