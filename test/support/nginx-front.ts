export { startNginxFront } from '../../demo/nginx-front.js';
