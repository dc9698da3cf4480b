const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'XDG_CACHE_HOME'];

/** What the processes of a stage keep of this machine's environment: nothing that configures the ferry. */
export function machineVariables(more: readonly string[] = []): NodeJS.ProcessEnv {
  return Object.fromEntries(
    [...kept, ...more].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
