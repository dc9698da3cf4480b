export { findTool, projectRoot, requireTool } from '../../demo/tools.js';
export type { ToolName } from '../../demo/tools.js';
