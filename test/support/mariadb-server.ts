export { startMariaDb } from '../../demo/mariadb-server.js';
export type { MariaDbServer } from '../../demo/mariadb-server.js';
