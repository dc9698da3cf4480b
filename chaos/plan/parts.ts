/** The parts of the stage, by the names that the time line shows. */
export const workerNames = ['worker-1', 'worker-2', 'worker-3'] as const;
export const sourceNames = ['source-1', 'source-2'] as const;
export const targetNames = ['target-1', 'target-2'] as const;

export type SourceName = (typeof sourceNames)[number];
export type TargetName = (typeof targetNames)[number];

export const partNames = [...workerNames, 'server', 'temporal', 'database', ...sourceNames, ...targetNames] as const;
export type PartName = (typeof partNames)[number];

/** What is reached over a simulated line. */
export const lineNames = ['server', 'temporal', 'database', ...sourceNames, ...targetNames] as const;
export type LineName = (typeof lineNames)[number];

/** What has a small disk of its own. */
export const diskNames = ['temporal', 'database', ...targetNames] as const;
export type DiskName = (typeof diskNames)[number];
