/** Sends `bytes` to a port of this machine as fast as they are taken: `node flood.js PORT BYTES`. */
import { once } from 'node:events';
import { connect } from 'node:net';

const [port = '', bytes = ''] = process.argv.slice(2);
const chunk = Buffer.alloc(256 * 1024);
const socket = connect(Number(port), '127.0.0.1');
await once(socket, 'connect');
for (let left = Number(bytes); left > 0; left -= chunk.length) {
  if (!socket.write(chunk.subarray(0, Math.min(left, chunk.length)))) await once(socket, 'drain');
}
socket.end();
socket.resume();
await once(socket, 'close');
