export { startRegistry } from '../../demo/registry-server.js';
export type { RegistryOptions, RegistryServer } from '../../demo/registry-server.js';
