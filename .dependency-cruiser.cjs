/**
 * Which folder may import which. Everything that is not listed in `mayImport` is forbidden; the table is the one
 * of CONTRIBUTING.md.
 */
const mayImport = {
  domain: { folders: [], packages: ['@noble/hashes', 'semver', '@renovatebot/pep440'] },
  contract: { folders: ['domain'], packages: [] },
  workflows: { folders: ['domain', 'contract'], packages: ['@temporalio/workflow', '@temporalio/common'] },
  docker: { folders: ['domain'], packages: ['execa'], node: true, registry: 'code' },
  database: { folders: ['domain'], packages: ['kysely', 'mysql2', 'libsql'], node: true },
  compose: { folders: ['domain'], packages: ['yaml', 'zod'] },
  consumers: { folders: ['domain', 'compose'], packages: ['yaml'], node: true },
  discovery: {
    folders: ['domain', 'compose'],
    packages: ['yaml', 'execa', '@kubernetes/client-node'],
    node: true,
  },
  upstreams: { folders: ['domain', 'compose', 'discovery'], packages: ['zod', '@octokit/.+'], node: true },
  planning: { folders: ['domain', 'contract'], packages: [], node: true, registry: 'types' },
  activities: {
    folders: ['domain', 'contract', 'planning'],
    packages: ['@temporalio/activity', '@temporalio/common'],
    node: true,
    registry: 'types',
  },
  notifications: { folders: ['domain'], packages: ['nodemailer'], node: true },
  client: {
    folders: ['domain', 'contract'],
    packages: ['@temporalio/client', '@temporalio/common'],
    node: true,
  },
  server: {
    folders: ['domain', 'contract', 'client'],
    packages: ['hono', '@hono/zod-openapi', '@octokit/webhooks', 'openid-client', 'rate-limiter-flexible', 'zod'],
    node: true,
  },
  config: {
    folders: ['domain'],
    packages: ['yaml', 'zod', '@temporalio/envconfig'],
    node: true,
    registry: 'types',
  },
  checks: { folders: ['domain'], packages: [], node: true, registry: 'code' },
  observability: { folders: ['domain', 'contract'], packages: ['prom-client', '@opentelemetry/.+'], node: true },
  setup: { folders: [], packages: [], node: true },
  supervisor: { folders: ['domain', 'client', 'config', 'setup'], packages: ['libsql'], node: true },
};

/** Types of what a composition root hands in: the stores, the copy engine, the docker engine. */
const typesMayAlsoComeFrom = {
  notifications: ['database/[a-z/-]+-store\\.ts$', 'database/notification-[a-z-]+\\.ts$'],
  planning: ['database/([a-z/-]+-store|audits/audit-views)\\.ts$'],
  activities: [
    'docker/docker-types\\.ts$',
    'upstreams/upstream-watcher\\.ts$',
    'notifications/(notification-service|plan-silence)\\.ts$',
    'database/([a-z/-]+-store|status-queries)\\.ts$',
  ],
  client: ['workflows/'],
  server: [
    'database/(status-views|status-queries|image-queries|overview-queries|request-store|notification-store|pull-budget-store|upstream-check-store|audit-store)\\.ts$',
  ],
};

const registrySource = '^packages/registry/src/';
/** Subpaths of the registry package without I/O and without Node: every folder may use them. */
const registryValues = `${registrySource}(reference|platform|digest|manifest|errors|pull-quota|upload-records)\\.ts$`;
const registryEntry = `${registrySource}index\\.ts$`;

/** Commands, and the files that put things together: the outermost ring. */
const outermost = '^src/(cli/|composition/|(worker|worker-main|worker-process|server|server-main)\\.ts$)';

function folderRule([folder, { folders, registry }]) {
  const allowed = [folder, ...folders].map((name) => `^src/${name}/`);
  const types = (typesMayAlsoComeFrom[folder] ?? []).map((path) => `^src/${path}`);
  if (registry === 'types') types.push(registryEntry);
  const entries = registry === 'code' ? [registryValues, registryEntry] : [registryValues];
  return [
    {
      name: `${folder}-imports-only-inwards`,
      severity: 'error',
      comment: `src/${folder} may import ${folders.map((name) => `src/${name}`).join(', ') || 'no other folder'}.`,
      from: { path: `^src/${folder}/` },
      to: { path: '^(src|packages|test|demo|bench|chaos|scripts)/', pathNot: [...allowed, ...entries, ...types] },
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
      // Modules that a plugin of the bundler makes.
      to: { couldNotResolve: true, pathNot: '^virtual:' },
    },
    {
      name: 'source-not-to-tests-or-tools',
      severity: 'error',
      comment: 'Tests, demo, bench and scripts use the source, not the other way round.',
      from: { path: '^(src|packages/[^/]+/src)/' },
      to: { path: '^(test|packages/[^/]+/test|demo|bench|chaos|scripts)/' },
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
    {
      name: 'registry-package-stands-alone',
      severity: 'error',
      comment: 'The registry package knows nothing of the ferry.',
      from: { path: registrySource },
      to: { path: '^(src|packages|test|demo|bench|chaos|scripts)/', pathNot: [registrySource] },
    },
    {
      name: 'registry-package-packages',
      severity: 'error',
      comment: 'The registry package may use the packages that its package.json names.',
      from: { path: registrySource },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '(^|/)node_modules/(@noble/hashes|hash-wasm|ipaddr\\.js|http-proxy-agent|https-proxy-agent)/',
      },
    },
    {
      name: 'registry-package-values',
      severity: 'error',
      comment: 'What workflows import of the registry package has no I/O and no Node.',
      from: { path: [registryValues, `${registrySource}oci/`] },
      to: { pathNot: [registryValues, `${registrySource}oci/`, '(^|/)node_modules/@noble/hashes/'] },
    },
    {
      name: 'registry-package-by-its-entries',
      severity: 'error',
      comment:
        'Outside of its own folder the registry package is used by the entries of its package.json. bench/http measures what is inside.',
      from: { pathNot: ['^packages/registry/', '^bench/http/'] },
      to: { path: registrySource, pathNot: [registryValues, registryEntry] },
    },
    {
      name: 'console-takes-types-of-the-server',
      severity: 'error',
      comment: 'The console runs in browsers: of the ferry it takes the types of the API alone.',
      from: { path: '^packages/console/src/' },
      to: {
        path: '^(src|packages|test|demo|bench|chaos|scripts)/',
        pathNot: '^packages/console/',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'console-knows-the-api-alone',
      severity: 'error',
      comment: 'What is not in the API is not for other programs.',
      from: { path: '^packages/console/src/' },
      to: { path: '^(src|packages|test|demo|bench|chaos|scripts)/', pathNot: ['^packages/console/', '^src/server/'] },
    },
    ...Object.entries(mayImport).flatMap(folderRule),
    ...Object.entries(mayImport).map(packageRule),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.test.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@image-ferry/source', 'import', 'node', 'default', 'types'],
    },
  },
};
