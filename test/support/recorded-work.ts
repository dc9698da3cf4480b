import type { AddImageInput, AddImageResult, SyncRequest } from '../../src/contract/sync-messages.js';
import type { FetchRequest, RunningWork, ServerWork } from '../../src/server/server-work.js';

/** Records the requests of the bridge, for tests that are about the bridge alone. */
export class RecordedWork implements ServerWork {
  readonly syncs: SyncRequest[] = [];
  readonly added: { delivery: string; input: AddImageInput }[] = [];
  readonly fetched: { delivery: string; request: FetchRequest }[] = [];
  result: AddImageResult | undefined;
  /** The error of every call. */
  fault: Error | undefined;

  get count(): number {
    return this.syncs.length + this.added.length + this.fetched.length;
  }

  async requestSync(request: SyncRequest): Promise<void> {
    await this.assertReachable();
    this.syncs.push(request);
  }

  async addImages(delivery: string, input: AddImageInput): Promise<void> {
    await this.assertReachable();
    this.added.push({ delivery, input });
  }

  async addImagesResult(): Promise<AddImageResult | undefined> {
    return this.result;
  }

  async fetchUpstream(delivery: string, request: FetchRequest): Promise<void> {
    await this.assertReachable();
    this.fetched.push({ delivery, request });
  }

  async running(): Promise<RunningWork> {
    await this.assertReachable();
    return { fetches: [] };
  }

  async assertReachable(): Promise<void> {
    if (this.fault !== undefined) throw this.fault;
  }
}
