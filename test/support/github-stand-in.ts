export { startGitHubStandIn } from '../../demo/github-stand-in.js';
export type { GitHubStandIn } from '../../demo/github-stand-in.js';
