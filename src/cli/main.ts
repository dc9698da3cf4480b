import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

import { Command, CommanderError, Option } from 'commander';

import { packageFolder } from '../config/package-folder.js';
import { builtInUpstreams } from '../domain/built-in-upstreams.js';
import { fetchId } from '../domain/upstream.js';
import { exitStatusOf, reportFault } from './exit-status.js';
import { ListWord, listWords, meanings } from './list-words.js';
import { deferOptimization } from './v8-flags.js';
import { sayLines } from './output.js';

const builtInNames = builtInUpstreams.map(({ name }) => name);

/** What `ferry copy --help` says below its options. */
const copySettings = `
From the environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY; the registries and accounts of ALIYUN_REGISTRY,
MY_REGISTRY and DOCKERHUB_USERNAME; what "docker login" or "podman login" left (DOCKER_CONFIG, REGISTRY_AUTH_FILE).
From the file that FERRY_CONFIG names, where it is set: hosts (scheme, certificates, proxy, mirrors, limits) and the
credentials of targets. Names, manifest policies and pull allowances of that file do not count here.`;

/**
 * The command line. Each command is imported when it is called: `ferry copy` must not wait for Temporal to load.
 *
 * @returns exit status: 0 done, 1 something failed or was newly blocked, 2 wrong use or configuration
 */
export async function run(argv: readonly string[]): Promise<number> {
  let status = 0;
  endQuietlyWithReader();
  const done = (result: number): void => {
    status = result;
  };
  const program = makeProgram(done);
  try {
    await program.parseAsync([...argv]);
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    reportFault(error);
    return exitStatusOf(error);
  }
}

function makeProgram(done: (status: number) => void): Command {
  const program = new Command('ferry')
    .description('Keeps container images mirrored: durable, byte for byte, one read of the source for every target.')
    .version(version(), '--version', 'print the version')
    .exitOverride()
    // What is wrong with an argument names it.
    .configureOutput({ writeErr: (text) => sayLines(text.trimEnd()) })
    .showHelpAfterError('(ferry --help lists the commands; ferry COMMAND --help explains one)');
  const json = (): Option => new Option('--json', 'print JSON on standard output');

  program
    .command('setup')
    .description('find the Temporal CLI that "ferry up" runs, or download or build it; print its path')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/setup.js')).setupCommand(options)));

  program
    .command('up')
    .description('run everything on this machine: Temporal (unless one is configured), worker, server, schedules')
    .option('--until-idle', 'make one run over everything pending, print the summary and end with its exit status')
    .option('--fetch <upstreams...>', 'with --until-idle: first look for what is new at these upstreams')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/up.js')).upCommand(options)));

  program
    .command('copy')
    .description('copy one image now, or all of a list, without Temporal or a database')
    .usage('[options] <source> <targets...>\n       ferry copy [options] --file <path> [places...]')
    .argument('[source]', 'image reference, such as nginx:1.27 or ghcr.io/org/app@sha256:…')
    .argument('[targets...]', "references to copy it to; without a tag they get the source's")
    .option(
      '--file <path>',
      'copy many: a source a line, with targets of its own or to below each place (host/path); - for standard input',
    )
    .option('--platform <platforms>', 'platforms separated by commas, or all', 'all')
    .option('--referrers', 'signatures, SBOMs and whatever else refers to the image go with it')
    .addOption(json())
    .addHelpText('after', copySettings)
    .action(async (source: string | undefined, targets: readonly string[], options) => {
      deferOptimization();
      const { file } = options;
      const places = source === undefined ? [] : [source, ...targets];
      if (file === undefined) done(await (await import('./commands/copy.js')).copyCommand(source, targets, options));
      else done(await (await import('./commands/copy-list.js')).copyListCommand(file, places, options));
    });

  program
    .command('add')
    .description('want images: record them, and ask for a sync')
    .argument('[images...]', 'image references, such as nginx:1.27 or ghcr.io/org/app:2.0')
    .option('--file <path>', 'read references from a file, one a line, # for comments; - for standard input')
    .option(
      '--payload <path>',
      'read a JSON request as webhooks bring it (image, images, platform …); - for standard input',
    )
    .option('--platform <platforms>', 'platforms separated by commas, or all (default: FERRY_PLATFORMS)')
    .option('--no-sync', 'only record them in the database; needs no Temporal')
    .addOption(json())
    .action(async (images, options) => done(await (await import('./commands/add.js')).addCommand(images, options)));

  program
    .command('sync')
    .description('ask for a run over everything pending')
    .option('--wait', 'wait for it, show how far it is and print the summary')
    .option('--backfill <target>', 'first make every image pending that this target does not have yet')
    .addOption(json())
    .action(async (options) => {
      deferOptimization();
      done(await (await import('./commands/sync.js')).syncCommand(options));
    });

  program
    .command('fetch')
    .description('look for what is new upstream, want it, and ask for a sync')
    .argument(
      '[upstream]',
      `${builtInNames.join(', ')}, or the name of an upstream in ferry.yaml; without one it lists them`,
    )
    .option('--wait', 'wait for it, and print what was found')
    .option('--scope <scope>', 'changed: what the newest release changes; release: every image of it')
    .addOption(json())
    .action(async (upstream, options) =>
      done(await (await import('./commands/fetch.js')).fetchCommand(upstream, options)),
    );

  program
    .command('status')
    .description('how everything stands, or one image in full')
    .argument('[image]', 'image reference, such as nginx:1.27')
    .addOption(json())
    .action(async (image, options) => done(await (await import('./commands/status.js')).statusCommand(image, options)));

  program
    .command('list')
    .description('list images: wanted, pushed, blocked or waiting')
    .argument('[what]', listWords.join(', '))
    .option('--limit <count>', 'at most this many rows', '1000')
    .addOption(json())
    .addHelpText('after', `\nLists:\n${meanings(ListWord)}`)
    .action(async (what, options) => done(await (await import('./commands/list.js')).listCommand(what, options)));

  program
    .command('retry')
    .description('make images pending again, and ask for a sync')
    .argument('[image]', 'image reference')
    .option('--blocked', 'every blocked image')
    .option('--adopted', 'every image that was taken over without copying: copy it anew')
    .option('--no-sync', 'only change the database; needs no Temporal')
    .addOption(json())
    .action(async (image, options) => done(await (await import('./commands/retry.js')).retryCommand(image, options)));

  program
    .command('remove')
    .description('stop wanting an image; what is on the targets stays there')
    .argument('[image]', 'image reference, or what "ferry list" shows for a row that names no image')
    .option('--row <id>', 'one row, by its id ("ferry list blocked" shows it where the row names no image)')
    .addOption(json())
    .action(async (image, options) => done(await (await import('./commands/remove.js')).removeCommand(image, options)));

  program
    .command('plan')
    .description('what a sync would move, without moving it or changing a row')
    .option('--spend-pulls', 'also read manifests from sources that count it, such as Docker Hub')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/plan.js')).planCommand(options)));

  program
    .command('doctor')
    .description('what is wrong with the set-up: a line for each part, ok or what to do')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/doctor.js')).doctorCommand(options)));

  program
    .command('migrate')
    .description('create or update the tables')
    .option(
      '--from <file>',
      'also move the whole state of a SQLite file of the ferry here; rows that are here already stay',
    )
    .option('--convert-engine', 'rebuild tables of MyISAM and the like as InnoDB; make a backup first')
    .addOption(json())
    .action(async (options) => done(await (await import('./commands/migrate.js')).migrateCommand(options)));

  program
    .command('worker')
    .description('run a worker, for production: TEMPORAL_ADDRESS says where')
    .option('--check', 'run none: look whether a worker of this machine or container polls (for health checks)')
    .action(async (options) => done(await (await import('./commands/worker.js')).workerCommand(options)));

  addSchedules(program, done, json);

  program
    .command('server')
    .description('run the webhook bridge and the API, for production: FERRY_LISTEN and TEMPORAL_ADDRESS say where')
    .action(async () => done(await (await import('./commands/server.js')).serverCommand()));

  return program;
}

function addSchedules(program: Command, done: (status: number) => void, json: () => Option): void {
  const schedules = program
    .command('schedules')
    .description('show or change when syncs and looks at upstreams happen by themselves');
  const commands = async () => await import('./commands/schedules.js');

  schedules
    .command('ensure')
    .description('make them as ferry.yaml says; harmless to repeat')
    .addOption(json())
    .action(async (options) => done(await (await commands()).ensureCommand(options)));
  schedules
    .command('show')
    .description('how they stand, with last and next runs in local time')
    .addOption(json())
    .action(async (options) => done(await (await commands()).showCommand(options)));

  const acting = (name: string, description: string): Command =>
    schedules
      .command(name)
      .description(description)
      .argument(
        '[names...]',
        `sync-all, ${builtInNames.map(fetchId).join(', ')}, or fetch- and the name of an upstream`,
      )
      .option('--all', 'all of them')
      .addOption(json());
  const note = '--note <text>';
  acting('pause', 'let them rest until they are resumed')
    .option(note, 'why, for those who look')
    .action(async (names, options) => done(await (await commands()).pauseCommand(names, options)));
  acting('resume', 'let them go on')
    .option(note, 'why, for those who look')
    .action(async (names, options) => done(await (await commands()).resumeCommand(names, options)));
  acting('trigger', 'do it now, even if they are paused').action(async (names, options) =>
    done(await (await commands()).triggerCommand(names, options)),
  );
  acting('delete', 'forget them; workers make them again unless ferry.yaml says off').action(async (names, options) =>
    done(await (await commands()).deleteCommand(names, options)),
  );
}

/**
 * `ferry list pushed | head`: a reader that has seen enough is no fault, and ends this as it ends any program. What
 * `ferry up` runs is ended with it.
 */
function endQuietlyWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(128 + constants.signals.SIGPIPE);
    });
  }
}

function version(): string {
  const text = readFileSync(join(packageFolder, 'package.json'), 'utf8');
  const { version: number } = JSON.parse(text) as { version: string };
  return number;
}
