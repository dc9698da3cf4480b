/** The task queues. Each may have its own workers. */
export const TaskQueue = {
  /** Workflows, database, registry metadata. */
  main: 'ferry',
  /** Blob transfers: few slots, long work. */
  copy: 'ferry-copy',
  /** Copies by the `docker` command: for workers with access to a Docker daemon. */
  docker: 'ferry-docker',
} as const;
export type TaskQueue = (typeof TaskQueue)[keyof typeof TaskQueue];
