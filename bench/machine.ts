import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

/** What the figures were measured on, in a line; nothing that names the machine. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const gigabytes = Math.round(totalmem() / 1024 ** 3);
  return `${availableParallelism()} cores (${model}), ${gigabytes} GB of memory, ${type()} ${release()}, Node ${process.versions.node}`;
}
