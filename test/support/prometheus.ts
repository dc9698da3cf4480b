import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { startChild, stopChild } from '../../demo/child-process.js';
import { freePort } from '../../src/supervisor/free-port.js';
import { projectRoot, requireTool } from './tools.js';

/** A value of an instant query. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Alert {
  readonly name: string;
  readonly state: 'pending' | 'firing';
  readonly labels: Readonly<Record<string, string>>;
}

export interface PrometheusServer {
  query(expression: string): Promise<readonly Sample[]>;
  alerts(): Promise<readonly Alert[]>;
  /** Asks again until the query returns what is expected. @throws with the last answer */
  until(expression: string, isExpected: (samples: readonly Sample[]) => boolean): Promise<readonly Sample[]>;
  stop(): Promise<void>;
}

export interface PrometheusOptions {
  /** `host:port` of what it scrapes, by the label `part`. */
  readonly targets: Readonly<Record<string, string>>;
  /** Changes the rules of `deploy/monitoring`: an alert after 15 minutes takes too long for a test. */
  readonly rules?: (text: string) => string;
}

const untilMs = 60_000;

/** A real Prometheus that scrapes every second, with the rules of `deploy/monitoring`. */
export async function startPrometheus({
  targets,
  rules = (text) => text,
}: PrometheusOptions): Promise<PrometheusServer> {
  const program = requireTool('prometheus');
  const folder = mkdtempSync(join(tmpdir(), 'ferry-prometheus-'));
  writeFileSync(
    join(folder, 'rules.yml'),
    rules(readFileSync(join(projectRoot, 'deploy/monitoring/rules.yml'), 'utf8')),
  );
  const configuration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    scrape_configs: [
      {
        job_name: 'image-ferry',
        static_configs: Object.entries(targets).map(([part, target]) => ({ targets: [target], labels: { part } })),
      },
    ],
  };
  // JSON is valid YAML.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(configuration));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = startChild(
    program,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=error',
    ],
    { stdio: 'ignore' },
  );

  const query = async (expression: string): Promise<readonly Sample[]> => {
    const { data } = (await ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)) as VectorAnswer;
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  };
  const server: PrometheusServer = {
    query,
    async alerts() {
      const { data } = (await ask('/api/v1/alerts')) as AlertsAnswer;
      return data.alerts.map(({ labels, state }) => ({ name: labels['alertname'] ?? '', state, labels }));
    },
    async until(expression, isExpected) {
      const deadline = Date.now() + untilMs;
      for (;;) {
        const samples = await query(expression);
        if (isExpected(samples)) return samples;
        if (Date.now() > deadline) throw new Error(`${expression} still returns ${JSON.stringify(samples)}`);
        await sleep(200);
      }
    },
    async stop() {
      await stopChild(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await untilReady();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }

  async function ask(path: string): Promise<unknown> {
    const response = await fetch(`${url}${path}`);
    const answer = (await response.json()) as { readonly status: string; readonly error?: string };
    if (answer.status !== 'success') throw new Error(`Prometheus refuses ${path}: ${answer.error ?? response.status}`);
    return answer;
  }

  async function untilReady(): Promise<void> {
    const deadline = Date.now() + untilMs;
    for (;;) {
      const response = await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
      if (response?.ok === true) return;
      if (Date.now() > deadline) throw new Error('Prometheus did not become ready');
      await sleep(100);
    }
  }
}

interface VectorAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [number, string];
    }[];
  };
}

interface AlertsAnswer {
  readonly data: {
    readonly alerts: readonly { readonly labels: Readonly<Record<string, string>>; readonly state: Alert['state'] }[];
  };
}
