import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { limitedLabels } from './limited-labels.js';
import { withoutFault } from './meter.js';
import type { Meter } from './meter.js';
import { addProcessMetrics } from './process-metrics.js';
import type { Standing } from './standing.js';

/** Registries that a process copies from or to; more share one label. */
const mostHosts = 20;
const mostCodes = 40;
const mostChannels = 20;
const mostTargets = 20;

/** From seconds for an empty run to half a day for a first one. */
const runSeconds = [1, 10, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 43_200];

export interface FerryMetricsOptions {
  readonly version: string;
}

/** A task queue that this process serves. */
export interface ServedQueue {
  readonly queue: string;
  readonly isPolling: boolean;
  /** Activities in flight. */
  readonly activities: number;
}

/** What a page needs beside the counters of the process. */
export interface Readings {
  /** Undefined if the database did not answer: what it last said is not true any more. */
  readonly standing: Standing | undefined;
  readonly isTemporalUp: boolean;
  /** Empty in a process without workers. */
  readonly queues: readonly ServedQueue[];
}

/** A page of metrics and its content type. */
export interface MetricsPage {
  readonly contentType: string;
  readonly text: string;
}

/**
 * The ferry's metrics in a registry of their own. Units are seconds and bytes; no label names an image, and every label
 * has a limited number of values.
 */
export class FerryMetrics implements Meter {
  readonly registry = new Registry();
  readonly #transferred: Counter<'direction' | 'host'>;
  readonly #continued: Counter<'host'>;
  readonly #attempts: Counter<'code'>;
  readonly #runs: Histogram;
  readonly #notifications: Counter<'channel' | 'outcome'>;
  readonly #databaseUp: Gauge;
  readonly #temporalUp: Gauge;
  readonly #polling: Gauge<'task_queue'>;
  readonly #activities: Gauge<'task_queue'>;
  readonly #images: Gauge<'state'>;
  readonly #oldest: Gauge;
  readonly #targetUp: Gauge<'target'>;
  readonly #pulls: Gauge<'source'>;
  readonly #drift: Gauge<'target'>;
  readonly #host = limitedLabels(mostHosts);
  readonly #source = limitedLabels(mostHosts);
  readonly #code = limitedLabels(mostCodes);
  readonly #channel = limitedLabels(mostChannels);
  readonly #target = limitedLabels(mostTargets);

  constructor({ version }: FerryMetricsOptions) {
    const registers = [this.registry];
    new Gauge({
      name: 'ferry_build_info',
      help: 'Always 1; the label is the version of the ferry.',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);
    this.#transferred = new Counter({
      name: 'ferry_transfer_bytes_total',
      help: 'Bytes of blobs read from sources and sent to targets.',
      labelNames: ['direction', 'host'],
      registers,
    });
    this.#continued = new Counter({
      name: 'ferry_upload_continuations_total',
      help: 'Uploads that went on where they had stopped.',
      labelNames: ['host'],
      registers,
    });
    this.#attempts = new Counter({
      name: 'ferry_attempts_total',
      help: `Recorded attempts to copy an image to a target, by the code of the fault; "${withoutFault}" without one.`,
      labelNames: ['code'],
      registers,
    });
    this.#runs = new Histogram({
      name: 'ferry_run_duration_seconds',
      help: 'How long sync runs took.',
      buckets: runSeconds,
      registers,
    });
    this.#notifications = new Counter({
      name: 'ferry_notifications_total',
      help: 'Messages to channels, by what became of them.',
      labelNames: ['channel', 'outcome'],
      registers,
    });
    this.#databaseUp = new Gauge({
      name: 'ferry_database_up',
      help: '1 if the database answered when these metrics were read.',
      registers,
    });
    this.#temporalUp = new Gauge({
      name: 'ferry_temporal_up',
      help: '1 if Temporal answered when these metrics were read.',
      registers,
    });
    this.#polling = new Gauge({
      name: 'ferry_worker_polling',
      help: '1 while the worker asks this task queue for work.',
      labelNames: ['task_queue'],
      registers,
    });
    this.#activities = new Gauge({
      name: 'ferry_worker_activities',
      help: 'Activities in flight in this worker.',
      labelNames: ['task_queue'],
      registers,
    });
    this.#images = new Gauge({
      name: 'ferry_images',
      help: 'Wanted images by state.',
      labelNames: ['state'],
      registers,
    });
    this.#oldest = new Gauge({
      name: 'ferry_oldest_pending_seconds',
      help: 'Age of the oldest request for an image that is not on its targets yet; 0 if there is none.',
      registers,
    });
    this.#targetUp = new Gauge({
      name: 'ferry_target_up',
      help: '1 if the target answered the last attempt, 0 if it could not be reached.',
      labelNames: ['target'],
      registers,
    });
    this.#pulls = new Gauge({
      name: 'ferry_pull_allowance_remaining',
      help: 'Pulls that are left at a source that counts them.',
      labelNames: ['source'],
      registers,
    });
    this.#drift = new Gauge({
      name: 'ferry_drift_images',
      help: 'Images that audits found lost, changed or incomplete on a target, and that are not right again.',
      labelNames: ['target'],
      registers,
    });
    addProcessMetrics(this.registry);
    // A rate needs the series before its first increase.
    this.#attempts.inc({ code: this.#code(withoutFault) }, 0);
  }

  transferred(direction: 'read' | 'sent', host: string, bytes: number): void {
    this.#transferred.inc({ direction, host: this.#host(host) }, bytes);
  }

  continued(host: string): void {
    this.#continued.inc({ host: this.#host(host) });
  }

  attempted(code: string): void {
    this.#attempts.inc({ code: this.#code(code) });
  }

  runFinished(seconds: number): void {
    this.#runs.observe(seconds);
  }

  notified(channel: string, outcome: string): void {
    this.#notifications.inc({ channel: this.#channel(channel), outcome });
  }

  async page(readings: Readings): Promise<MetricsPage> {
    this.#showProcess(readings);
    this.#showStanding(readings.standing);
    return { contentType: this.registry.contentType, text: await this.registry.metrics() };
  }

  #showProcess({ isTemporalUp, queues, standing }: Readings): void {
    this.#temporalUp.set(isTemporalUp ? 1 : 0);
    this.#databaseUp.set(standing === undefined ? 0 : 1);
    this.#polling.reset();
    this.#activities.reset();
    for (const { queue, isPolling, activities } of queues) {
      this.#polling.set({ task_queue: queue }, isPolling ? 1 : 0);
      this.#activities.set({ task_queue: queue }, activities);
    }
  }

  #showStanding(standing: Standing | undefined): void {
    for (const gauge of [this.#images, this.#targetUp, this.#pulls, this.#drift]) gauge.reset();
    this.#oldest.remove();
    if (standing === undefined) return;

    for (const [state, count] of Object.entries(standing.images)) this.#images.set({ state }, count);
    this.#oldest.set(standing.oldestPendingSeconds);
    for (const { target, isUp } of standing.targets) {
      this.#targetUp.set({ target: this.#target(target) }, isUp ? 1 : 0);
    }
    for (const { source, remaining } of standing.pulls) {
      this.#pulls.set({ source: this.#source(source) }, remaining);
    }
    for (const { target, images } of standing.drift ?? []) this.#drift.set({ target: this.#target(target) }, images);
  }
}
