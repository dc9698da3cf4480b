/**
 * Which folder may import which. Everything that is not listed in `mayImport` is forbidden; the table is the one
 * of CONTRIBUTING.md.
 */
const mayImport = {
  domain: { folders: [], packages: ['@noble/hashes', 'semver', '@renovatebot/pep440'] },
  concurrency: { folders: [], packages: [] },
  contract: { folders: ['domain'], packages: [] },
  workflows: { folders: ['domain', 'contract'], packages: ['@temporalio/workflow', '@temporalio/common'] },
  registry: {
    folders: ['domain', 'concurrency'],
    packages: ['ipaddr.js', 'http-proxy-agent', 'https-proxy-agent'],
    node: true,
  },
  docker: { folders: ['domain', 'concurrency'], packages: ['execa'], node: true },
  database: { folders: ['domain'], packages: ['kysely', 'mysql2', 'libsql'], node: true },
  upstreams: { folders: ['domain'], packages: ['yaml', 'zod', '@octokit/.+'], node: true },
  planning: { folders: ['domain', 'contract'], packages: [], node: true },
  activities: {
    folders: ['domain', 'contract', 'planning'],
    packages: ['@temporalio/activity', '@temporalio/common'],
    node: true,
  },
  client: {
    folders: ['domain', 'contract'],
    packages: ['@temporalio/client', '@temporalio/common'],
    node: true,
  },
  server: {
    folders: ['domain', 'contract', 'client'],
    packages: ['hono', '@hono/zod-openapi', '@octokit/webhooks', 'rate-limiter-flexible', 'zod'],
    node: true,
  },
  config: { folders: ['domain'], packages: ['yaml', 'zod', '@temporalio/envconfig'], node: true },
  setup: { folders: [], packages: [], node: true },
  supervisor: { folders: ['domain', 'client', 'config', 'setup'], packages: ['libsql'], node: true },
};

/** Types of what a composition root hands in: the stores, the copy engine, the docker engine. */
const typesMayAlsoComeFrom = {
  planning: ['registry/(copy-types|client-options)\\.ts$', 'database/[a-z/-]+-store\\.ts$'],
  activities: [
    'registry/(copy-types|client-options)\\.ts$',
    'docker/docker-types\\.ts$',
    'upstreams/upstream-watcher\\.ts$',
    'database/([a-z/-]+-store|status-queries)\\.ts$',
  ],
  client: ['workflows/'],
  server: ['database/(status-views|pull-budget-store)\\.ts$'],
  config: ['registry/client-options\\.ts$'],
};

/** Commands, and the files that put things together: the outermost ring. */
const outermost = '^src/(cli/|composition/|(worker|worker-main|server|server-main)\\.ts$)';

function folderRule([folder, { folders }]) {
  const allowed = [folder, ...folders].map((name) => `^src/${name}/`);
  const types = (typesMayAlsoComeFrom[folder] ?? []).map((path) => `^src/${path}`);
  return [
    {
      name: `${folder}-imports-only-inwards`,
      severity: 'error',
      comment: `src/${folder} may import ${folders.map((name) => `src/${name}`).join(', ') || 'no other folder'}.`,
      from: { path: `^src/${folder}/` },
      to: { path: '^(src|test|demo|bench|scripts)/', pathNot: [...allowed, ...types] },
    },
    ...types.map((path) => ({
      name: `${folder}-takes-types-only`,
      severity: 'error',
      comment: `src/${folder} may take types from ${path}, not code.`,
      from: { path: `^src/${folder}/` },
      to: { path, dependencyTypesNot: ['type-only'] },
    })),
  ];
}

function packageRule([folder, { packages, node = false }]) {
  return {
    name: `${folder}-packages`,
    severity: 'error',
    comment: `src/${folder} may use ${[...packages, ...(node ? ['node:*'] : [])].join(', ') || 'no package'}.`,
    from: { path: `^src/${folder}/` },
    to: {
      dependencyTypes: [
        'npm',
        'npm-dev',
        'npm-optional',
        'npm-peer',
        'npm-no-pkg',
        'npm-unknown',
        ...(node ? [] : ['core']),
      ],
      pathNot: packages.map((name) => `(^|/)node_modules/${name}/`),
    },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Two files that need each other are one idea, or a third one is missing.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'An import that leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'source-not-to-tests-or-tools',
      severity: 'error',
      comment: 'Tests, demo, bench and scripts use the source, not the other way round.',
      from: { path: '^src/' },
      to: { path: '^(test|demo|bench|scripts)/' },
    },
    {
      name: 'nothing-imports-the-outermost-ring',
      severity: 'error',
      comment: 'Commands and composition roots are where things are put together; nothing builds on them.',
      from: { path: '^src/', pathNot: outermost },
      to: { path: outermost },
    },
    {
      name: 'cli-does-not-reach-into-workflows-or-activities',
      severity: 'error',
      comment: 'Commands speak to workflows through src/client.',
      from: { path: '^src/cli/' },
      to: { path: '^src/(workflows|activities)/', dependencyTypesNot: ['type-only'] },
    },
    ...Object.entries(mayImport).flatMap(folderRule),
    ...Object.entries(mayImport).map(packageRule),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
