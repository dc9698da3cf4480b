import { once } from 'node:events';
import { Agent as PlainAgent, IncomingMessage } from 'node:http';
import { Agent as TlsAgent } from 'node:https';

import { flowBody } from '../../packages/registry/src/transport/body-flow.js';
import { Connections } from '../../packages/registry/src/transport/connections.js';
import { exchange } from '../../packages/registry/src/transport/exchange.js';
import type { Network } from '../../packages/registry/src/transport/exchange.js';
import { headers } from './ways.js';
import type { Way } from './ways.js';

const agentOptions = { keepAlive: true, maxFreeSockets: 16, scheduling: 'lifo' } as const;
const patience = { connectMs: 30_000, answerMs: 30_000 };

/** With the bypassed parser and heads read by hand. */
export function ferryWay(): Way {
  const connections = new Connections({ proxy: 'none' }, { except: [] });
  return {
    ...overNode((url) => connections.route(url, true), flowBody),
    close: async () => connections.close(),
  };
}

/** The same without both: what Node's client gives. */
export function nodeWay(): Way {
  const agents = { 'http:': new PlainAgent(agentOptions), 'https:': new TlsAgent(agentOptions) };
  const agentOf = (url: URL) => (url.protocol === 'https:' ? agents['https:'] : agents['http:']);
  return {
    ...overNode(
      (url) => ({ agent: agentOf(url) }),
      (response, take) => response.on('data', take),
    ),
    close: async () => {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function overNode(
  networkOf: (url: URL) => Network,
  listen: (response: IncomingMessage, take: (bytes: Buffer) => void) => unknown,
): Omit<Way, 'close'> {
  return {
    async read(url, take) {
      const response = await exchange(url, { method: 'GET', headers, network: networkOf(url), ...patience });
      if (!(response instanceof IncomingMessage) || response.statusCode !== 200)
        throw new Error(`${url.href} gave no body`);
      await new Promise<void>((resolve, reject) => {
        response.once('end', resolve);
        response.once('close', () => reject(new Error(`${url.href} broke off`)));
        listen(response, take);
      });
    },
    async head(url) {
      const answer = await exchange(url, { method: 'HEAD', headers, network: networkOf(url), ...patience });
      // Its agent keeps the connection only when the answer, which has no body, was read to its end.
      if (answer instanceof IncomingMessage) await once(answer.resume(), 'end');
      return answer.statusCode ?? 0;
    },
  };
}
