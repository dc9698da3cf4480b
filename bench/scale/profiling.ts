/** FERRY_BENCH_PROFILE names a folder for CPU profiles (`--cpu-prof`) of every ferry process that a scenario starts. */
export function profilingOf({ FERRY_BENCH_PROFILE: folder, NODE_OPTIONS: options = '' }: NodeJS.ProcessEnv): {
  readonly NODE_OPTIONS?: string;
} {
  if (folder === undefined || folder === '') return {};
  return { NODE_OPTIONS: `${options} --cpu-prof --cpu-prof-dir=${folder}`.trim() };
}
