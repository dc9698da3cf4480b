import type { UploadJournal, UploadKey, UploadRecord } from '@image-ferry/registry';

/** Uploads in memory: what one process leaves there, the next one takes. */
export class UploadMemory implements UploadJournal {
  readonly records = new Map<string, UploadRecord>();
  saves = 0;

  async take(key: UploadKey): Promise<UploadRecord | undefined> {
    return this.records.get(nameOf(key));
  }

  async save(record: UploadRecord): Promise<void> {
    this.saves += 1;
    this.records.set(nameOf(record), record);
  }

  async remove(key: UploadKey): Promise<void> {
    this.records.delete(nameOf(key));
  }
}

function nameOf({ registry, repository, tag, digest }: UploadKey): string {
  return `${registry}/${repository}:${tag}@${digest}`;
}
