import { createServer, request as forward } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { onTestFinished } from 'vitest';

export interface SeenByProxy {
  /** `CONNECT host:port`, or the method and the whole URL. */
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
}

export interface ForwardProxyOptions {
  /** Names that only the proxy resolves, each with the port on this machine that it points to. */
  readonly names?: Readonly<Record<string, number>>;
  /** `user:password` that it requires. */
  readonly login?: string;
  /** Answers every CONNECT with this status. */
  readonly refuseWith?: number;
}

/** A real proxy for one test: tunnels by CONNECT, and forwards plain requests. */
export class ForwardProxy {
  readonly seen: SeenByProxy[] = [];
  readonly #options: ForwardProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(options: ForwardProxyOptions) {
    this.#options = options;
    this.#server = createServer((incoming, response) => this.#forward(incoming, response));
    this.#server.on('connect', (incoming: IncomingMessage, client: Socket) => this.#tunnel(incoming, client));
    this.#server.on('connection', (socket: Socket) => this.#sockets.add(socket));
  }

  static async start(options: ForwardProxyOptions = {}): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => proxy.#stop());
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  url(login = ''): URL {
    return new URL(`http://${login === '' ? '' : `${login}@`}${this.host}`);
  }

  #tunnel(incoming: IncomingMessage, client: Socket): void {
    const { url: authority = '', headers } = incoming;
    this.seen.push({ line: `CONNECT ${authority}`, headers });
    client.on('error', () => client.destroy());
    const status = this.#isAllowed(headers) ? this.#options.refuseWith : 407;
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} no\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const server = connect(this.#port(new URL(`http://${authority}`)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 connected\r\n\r\n');
      server.pipe(client);
      client.pipe(server);
    });
    this.#sockets.add(server);
    server.on('error', () => client.destroy());
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', headers } = incoming;
    this.seen.push({ line: `${method} ${url}`, headers });
    if (!this.#isAllowed(headers)) {
      incoming.resume();
      response.writeHead(407, { 'content-length': '0' }).end();
      return;
    }
    const { 'proxy-authorization': _login, 'proxy-connection': _connection, ...onward } = headers;
    const { pathname, search } = new URL(url);
    const port = this.#port(new URL(url));
    const request = forward({ host: '127.0.0.1', port, method, path: `${pathname}${search}`, headers: onward });
    request.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.on('error', () => response.destroy());
    incoming.pipe(request);
  }

  #isAllowed(headers: IncomingMessage['headers']): boolean {
    const { login } = this.#options;
    if (login === undefined) return true;
    return headers['proxy-authorization'] === `Basic ${Buffer.from(login).toString('base64')}`;
  }

  #port({ hostname, port }: URL): number {
    return this.#options.names?.[hostname] ?? Number(port || 80);
  }

  async #stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
