/** Who does what: each queue may have workers of its own. */
export const TaskQueue = {
  /** Workflows, database, registry metadata. */
  main: 'ferry',
  /** Blob transfers: few slots, long work. */
  copy: 'ferry-copy',
  /** Copies by the `docker` command: for workers beside a Docker daemon. */
  docker: 'ferry-docker',
} as const;
export type TaskQueue = (typeof TaskQueue)[keyof typeof TaskQueue];
