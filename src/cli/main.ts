import { constants } from 'node:os';

import { Command, CommanderError, Option } from 'commander';

import { packageVersion } from '../config/package-folder.js';
import { builtInUpstreams } from '../domain/built-in-upstreams.js';
import { fetchId } from '../domain/upstream.js';
import { exitStatusOf, reportFault } from './exit-status.js';
import { ListWord, listWords, meanings } from './list-words.js';
import { printMessageLines } from './output.js';
import { deferOptimization } from './v8-flags.js';

const builtInNames = builtInUpstreams.map(({ name }) => name);

/** Printed by `ferry copy --help` below the options. */
const copySettings = `
From the environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY; the registries and accounts of ALIYUN_REGISTRY,
MY_REGISTRY and DOCKERHUB_USERNAME; logins of "docker login" and "podman login" (DOCKER_CONFIG, REGISTRY_AUTH_FILE).
From the file that FERRY_CONFIG names, if set: hosts (scheme, certificates, proxy, mirrors, limits) and the
credentials of targets. The file's target names, manifest policies and pull allowances are not used.`;

/** Printed by `ferry use --help`. */
const useFormats = `of a file: compose, k8s, kustomize, helm-values; of everything on the target, or of the images of files:
mutating-policy, kyverno, registries.conf, hosts.toml (containerd), k3s, idms (OpenShift), docker (daemon.json); or an
upstream, such as dify, for the compose file of one of its releases, by default the latest`;

/**
 * The command line. Each command is imported when it is called, so that `ferry copy` does not wait for Temporal to
 * load.
 *
 * @returns exit status: 0 done, 1 something failed or was newly blocked, 2 invalid arguments or configuration
 */
export async function run(argv: readonly string[]): Promise<number> {
  let status = 0;
  endQuietlyWithReader();
  const done = (result: number): void => {
    status = result;
  };
  const program = makeProgram(done);
  try {
    await traced(argv, async () => void (await program.parseAsync([...argv])));
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportFault(error);
    return exitStatusOf(error);
  }
}

/** Only a process that has one of these variables loads anything for traces. */
async function traced(argv: readonly string[], command: () => Promise<void>): Promise<void> {
  const isWanted = Object.keys(process.env).some((name) =>
    /^OTEL_(TRACES_EXPORTER$|EXPORTER_OTLP_.*ENDPOINT)/.test(name),
  );
  // What was typed in place of a command may be a secret.
  const name = /^[a-z-]{1,20}$/.test(argv[2] ?? '') ? argv[2] : undefined;
  if (isWanted) await (await import('./traced-command.js')).runTraced(name ?? 'command', command);
  else await command();
}

function makeProgram(done: (status: number) => void): Command {
  const program = new Command('ferry')
    .description('Mirrors container images durably and byte for byte, reading the source once for all targets.')
    .version(packageVersion(), '--version', 'print the version')
    .exitOverride()
    // Messages about an argument quote it, so control characters are made visible.
    .configureOutput({ writeErr: (text) => printMessageLines(text.trimEnd()) })
    .showHelpAfterError('(ferry --help lists the commands; ferry COMMAND --help explains one)');
  const json = (): Option => new Option('--json', 'print JSON on standard output');

  program
    .command('setup')
    .description('find the Temporal CLI that "ferry up" runs, or download or build it; print its path')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/setup.js')).setupCommand(options)));

  program
    .command('up')
    .description('run Temporal (unless TEMPORAL_ADDRESS is set), worker, server and schedules on this machine')
    .option('--until-idle', 'sync everything pending once, print the summary and exit with its status')
    .option('--fetch <upstreams...>', 'with --until-idle: check these upstreams first')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/up.js')).upCommand(options)));

  program
    .command('copy')
    .description('copy one image, or a list of images, without Temporal or a database')
    .usage('[options] <source> <targets...>\n       ferry copy [options] --file <path> [prefixes...]')
    .argument('[source]', 'image reference, such as nginx:1.27 or ghcr.io/org/app@sha256:…')
    .argument('[targets...]', 'target references; without a tag they get the tag of the source')
    .option(
      '--file <path>',
      'copy a list: one source per line, with its own targets or below each prefix (host/path); - for standard input',
    )
    .option('--platform <platforms>', 'platforms separated by commas, or all', 'all')
    .option('--referrers', 'also copy signatures, SBOMs and other artifacts that refer to the image')
    .addOption(json())
    .addHelpText('after', copySettings)
    .action(async (source: string | undefined, targets: readonly string[], options) => {
      deferOptimization();
      const { file } = options;
      const prefixes = source === undefined ? [] : [source, ...targets];
      if (file === undefined) done(await (await import('./commands/copy.js')).copyCommand(source, targets, options));
      else done(await (await import('./commands/copy-list.js')).copyListCommand(file, prefixes, options));
    });

  program
    .command('add')
    .description('add images to the wanted list and request a sync')
    .argument('[images...]', 'image references, such as nginx:1.27 or ghcr.io/org/app:2.0')
    .option('--file <path>', 'read references from a file, one per line, # for comments; - for standard input')
    .option(
      '--payload <path>',
      'read a JSON request in the format of the webhooks (image, images, platform …); - for standard input',
    )
    .option('--platform <platforms>', 'platforms separated by commas, or all (default: FERRY_PLATFORMS)')
    .option('--no-sync', 'only record them in the database; needs no Temporal')
    .addOption(json())
    .action(async (images, options) => done(await (await import('./commands/add.js')).addCommand(images, options)));

  program
    .command('find')
    .description('find the images that files, charts or a cluster need; record them with --add')
    .argument(
      '[paths...]',
      'compose files, Kubernetes YAML, charts (folder, .tgz, oci://), kustomizations, Dockerfiles, lists, folders; - for standard input',
    )
    .option('--values <file>', 'values file for charts; can be repeated', collected)
    .option('--set <name=value>', 'a value for charts; can be repeated', collected)
    .option('--kube-version <version>', 'the version of Kubernetes that charts are rendered for', '1.35.0')
    .option('--env-file <file>', 'values of variables in compose files, before .env; can be repeated', collected)
    .option('--cluster [context]', 'also read the Pods and workloads of a running cluster')
    .option('--namespace <name>', 'with --cluster: only this namespace')
    .option('--likely', 'check likely images by a HEAD request, and include those that exist')
    .option('--add', 'add the images to the wanted list, with where they were found, and request a sync')
    .option('--plan', 'show what a sync run would copy of them')
    .option('--platform <platforms>', 'with --add or --plan: platforms separated by commas, or all')
    .option('--no-sync', 'with --add: only record them in the database; needs no Temporal')
    .addOption(json())
    .action(async (paths, options) => done(await (await import('./commands/find.js')).findCommand(paths, options)));

  program
    .command('sync')
    .description('request a sync run over everything pending')
    .option('--wait', 'wait for the result, show progress and print the summary')
    .option('--backfill <target>', 'first set every image pending that this target does not have yet')
    .addOption(json())
    .action(async (options) => {
      deferOptimization();
      done(await (await import('./commands/sync.js')).syncCommand(options));
    });

  program
    .command('fetch')
    .description('check an upstream for new images, add them and request a sync')
    .argument(
      '[upstream]',
      `${builtInNames.join(', ')}, or the name of an upstream in ferry.yaml; without a name the command lists them`,
    )
    .option('--wait', 'wait for the result and print it')
    .option('--scope <scope>', 'changed: the images that the newest release changes; release: all its images')
    .addOption(json())
    .action(async (upstream, options) =>
      done(await (await import('./commands/fetch.js')).fetchCommand(upstream, options)),
    );

  program
    .command('status')
    .description('show the state of everything, or of one image in detail')
    .argument('[image]', 'image reference, such as nginx:1.27')
    .addOption(json())
    .action(async (image, options) => done(await (await import('./commands/status.js')).statusCommand(image, options)));

  program
    .command('list')
    .description('list images: wanted, pushed, blocked, waiting or held')
    .argument('[what]', listWords.join(', '))
    .option('--limit <count>', 'maximum number of rows', '1000')
    .addOption(json())
    .addHelpText('after', `\nLists:\n${meanings(ListWord)}`)
    .action(async (what, options) => done(await (await import('./commands/list.js')).listCommand(what, options)));

  program
    .command('use')
    .description('write files in which images have the names of a target: compose, Kubernetes, container engines')
    .usage(
      '[options] FORMAT [FILE...]\n       ferry use [options] UPSTREAM [RELEASE]\n       ferry use [options] --check FILE...',
    )
    .argument('[words...]', useFormats)
    .option('--target <name>', 'the target; may be left out if only one is configured')
    .option('--endpoint <endpoint>', 'vpc or internal: names inside the network of Alibaba Cloud, Tencent Cloud …')
    .option('--digest', 'add the digest to each name')
    .option('--rewrite', 'compose and k8s: change the file itself, or write the changed file to --output')
    .option('-o, --output <path>', 'a file to write, a folder for hosts.toml; default: standard output')
    .option('--partial', 'also write what is incomplete; the exit status stays 1')
    .option('--pods-only', 'mutating-policy: leave workloads as they are applied')
    .option('--check', 'check that the images of files are on the target, and the same as at their sources')
    .option('--recorded', 'with --check: compare with what the ferry recorded, without asking the sources')
    .addOption(json())
    .action(async (words, options) => done(await (await import('./commands/use.js')).useCommand(words, options)));

  program
    .command('catalog')
    .description('write a page with search, and JSON, of everything on the targets, for any web server')
    .argument('<folder>', 'the folder for index.html and catalog.json; it is made if it is missing')
    .option('--target <name>', 'one target; default: all')
    .addOption(json())
    .action(async (folder, options) =>
      done(await (await import('./commands/catalog.js')).catalogCommand(folder, options)),
    );

  program
    .command('retry')
    .description('set images pending again and request a sync')
    .argument('[image]', 'image reference')
    .option('--blocked', 'every blocked image')
    .option('--adopted', 'copy again every image that was adopted without copying')
    .option('--no-sync', 'only change the database; needs no Temporal')
    .addOption(json())
    .action(async (image, options) => done(await (await import('./commands/retry.js')).retryCommand(image, options)));

  program
    .command('remove')
    .description('remove an image from the wanted list; copies on the targets stay')
    .argument('[image]', 'image reference, or the text that "ferry list" shows for an invalid row')
    .option('--row <id>', 'one row by its ID ("ferry list blocked" shows the ID of an invalid row)')
    .addOption(json())
    .action(async (image, options) => done(await (await import('./commands/remove.js')).removeCommand(image, options)));

  program
    .command('audit')
    .description('check the pushed copies on their targets; what is lost or changed is copied again')
    .option('--target <names...>', 'only these targets')
    .option('--deep', 'also read each manifest and the first byte of each blob, not only of a sample')
    .option('--wait', 'wait for the result and for what it heals')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/audit.js')).auditCommand(options)));

  program
    .command('rollback')
    .description('put a tag on a target back to what it pointed to before, and hold it there')
    .argument('<image>', 'image reference, such as nginx:1.27')
    .requiredOption('--target <name>', 'the target')
    .option('--to <digest>', 'the digest that the tag is to point to (default: the one before)')
    .addOption(json())
    .action(async (image, options) =>
      done(await (await import('./commands/rollback.js')).rollbackCommand(image, options)),
    );

  program
    .command('release')
    .description('end the hold of a rollback; the next sync run brings what the source has')
    .argument('<image>', 'image reference')
    .option('--target <name>', 'only on this target')
    .option('--no-sync', 'only change the database; needs no Temporal')
    .addOption(json())
    .action(async (image, options) =>
      done(await (await import('./commands/release.js')).releaseCommand(image, options)),
    );

  program
    .command('plan')
    .description('show what a sync run would copy, without copying or changing anything')
    .option('--spend-pulls', 'also read manifests from sources that count pulls, such as Docker Hub')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/plan.js')).planCommand(options)));

  program
    .command('doctor')
    .description('check the set-up: one line per part, ok or what to do')
    .option('--speed', 'also measure each registry in both directions; takes about 10 seconds for each')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/doctor.js')).doctorCommand(options)));

  program
    .command('migrate')
    .description('create or update the tables')
    .option('--from <file>', 'also move the whole state from a SQLite file of the ferry; existing rows are unchanged')
    .option(
      '--convert-engine',
      'rebuild tables of engines without transactions (MyISAM) as InnoDB; make a backup first',
    )
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/migrate.js')).migrateCommand(options)));

  program
    .command('backup')
    .description('write the SQLite database to a new file, while the ferry works')
    .argument('<file>', 'path of the new file')
    .addOption(json())
    .action(async (file, options) => done(await (await import('./commands/backup.js')).backupCommand(file, options)));

  program
    .command('worker')
    .description('run a worker for production; TEMPORAL_ADDRESS is the Temporal server')
    .option('--check', 'start no worker; check whether one of this machine or container is polling (for health checks)')
    .action(async ({ check }) => {
      if (check === true) done(await (await import('./commands/check-worker.js')).checkWorker());
      else done(await (await import('../worker-process.js')).workerProcess(process.env));
    });

  addSchedules(program, done, json);
  addNotify(program, done, json);
  addDeployments(program, done, json);

  program
    .command('server')
    .description('run the webhook and API server for production; configured by FERRY_LISTEN and TEMPORAL_ADDRESS')
    .action(async () => await (await import('../server.js')).runServer(process.env, { mayMove: false }));

  return program;
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function addSchedules(program: Command, done: (status: number) => void, json: () => Option): void {
  const schedules = program
    .command('schedules')
    .description('show or change the schedules of syncs, audits and upstream checks');
  const commands = async () => await import('./commands/schedules.js');

  schedules
    .command('ensure')
    .description('create or update the schedules of ferry.yaml; safe to repeat')
    .addOption(json())
    .action(async (options) => done(await (await commands()).ensureCommand(options)));
  schedules
    .command('show')
    .description('show their state, with last and next runs in local time')
    .addOption(json())
    .action(async (options) => done(await (await commands()).showCommand(options)));

  const acting = (name: string, description: string): Command =>
    schedules
      .command(name)
      .description(description)
      .argument(
        '[names...]',
        `sync-all, audit, ${builtInNames.map(fetchId).join(', ')}, or fetch- and the name of an upstream`,
      )
      .option('--all', 'all schedules')
      .addOption(json());
  const note = '--note <text>';
  acting('pause', 'pause schedules')
    .option(note, 'reason, shown by "ferry schedules show"')
    .action(async (names, options) => done(await (await commands()).pauseCommand(names, options)));
  acting('resume', 'resume paused schedules')
    .option(note, 'reason, kept in Temporal')
    .action(async (names, options) => done(await (await commands()).resumeCommand(names, options)));
  acting('trigger', 'run schedules now, even if they are paused').action(async (names, options) =>
    done(await (await commands()).triggerCommand(names, options)),
  );
  acting('delete', 'delete schedules; workers create them again unless ferry.yaml sets them to off').action(
    async (names, options) => done(await (await commands()).deleteCommand(names, options)),
  );
}

function addDeployments(program: Command, done: (status: number) => void, json: () => Option): void {
  const deployments = program
    .command('deployments')
    .description('show or change which version of the workers gets new work (FERRY_DEPLOYMENT)');
  const commands = async () => await import('./commands/deployments.js');

  deployments
    .command('show', { isDefault: true })
    .description('show the versions with their workers and workflows')
    .addOption(json())
    .action(async (options) => done(await (await commands()).showCommand(options)));
  deployments
    .command('promote')
    .description('make a version the current one, as soon as its workers poll')
    .argument('[build-id]', 'default: the version of this installation')
    .option('--none', 'give new work back to workers without a version')
    .option('--wait <duration>', 'how long to wait for its workers', '1m')
    .addOption(json())
    .action(async (buildId, options) => done(await (await commands()).promoteCommand(buildId, options)));
  deployments
    .command('move')
    .description('let workflows that are pinned to a version continue on the current one')
    .argument('<build-id>', 'a version whose workers are gone, or that was a mistake')
    .addOption(json())
    .action(async (buildId, options) => done(await (await commands()).moveCommand(buildId, options)));
}

function addNotify(program: Command, done: (status: number) => void, json: () => Option): void {
  const notify = program.command('notify').description('test the channels of notifications, and show what was sent');
  const commands = async () => await import('./commands/notify.js');

  notify
    .command('test')
    .description("send a test message and print the platform's answer")
    .argument('<channel>', 'name of a channel in ferry.yaml')
    .addOption(json())
    .action(async (channel, options) => done(await (await commands()).notifyTestCommand(channel, options)));
  notify
    .command('log')
    .description('show the latest messages with their state, the newest first')
    .option('--channel <name>', 'only those of one channel')
    .option('--failed', 'only those that were not sent because of an error')
    .option('--limit <count>', 'maximum number of rows', '50')
    .addOption(json())
    .action(async (options) => done(await (await commands()).notifyLogCommand(options)));
  notify
    .command('redeliver')
    .description('send a message again, with the ID that it had')
    .argument('<id>', 'ID that "ferry notify log" shows')
    .addOption(json())
    .action(async (id, options) => done(await (await commands()).notifyRedeliverCommand(id, options)));
}

/**
 * `ferry list pushed | head`: a reader that closes the pipe early is no error. It ends this program as it ends any
 * other, with everything that `ferry up` runs.
 */
function endQuietlyWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(128 + constants.signals.SIGPIPE);
    });
  }
}
