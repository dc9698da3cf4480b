import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script, constants } from 'node:vm';
import { crc32 } from 'node:zlib';

import { cacheFolder } from '../setup/cache-folder.mjs';

/** Version and flags of V8 are in the first bytes of what it compiles. */
const headBytes = 16;
const checksumBytes = 4;
/** What no command of an installed version has written for this long is deleted. */
const keptForMs = 30 * 24 * 60 * 60 * 1_000;

interface LoadOptions {
  readonly variables?: NodeJS.ProcessEnv;
  readonly atEnd?: (work: () => void) => void;
}

/**
 * Loads a CommonJS file of the bundle. Node 20 compiles it in each process, unless its compiled code is kept: that is
 * in the cache folder of the user, where the set-up has made one. Later versions of Node have such a cache themselves.
 * Compiled code that is missing, damaged, or of another version of Node is made again when the process ends.
 *
 * @param url of the file
 * @param options.variables the environment; default: that of this process
 * @param options.atEnd takes what is done when the process ends
 * @returns what the file exports
 */
export function loadCompiled(
  url: URL,
  { variables = process.env, atEnd = (work) => process.once('exit', work) }: LoadOptions = {},
): unknown {
  const path = fileURLToPath(url);
  const require = module.createRequire(path);
  const cache = cacheFolder(variables);
  const isCompiledByNode = 'enableCompileCache' in module;
  // Node reads the source maps of files that it loads itself.
  if (isCompiledByNode || process.sourceMapsEnabled || !existsSync(cache)) return require(path) as unknown;

  const source = readFileSync(path, 'latin1');
  const compiled = new CompiledCode(join(cache, 'compiled'), { name: basename(path), source });
  const cachedData = compiled.read();
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: path,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (cachedData === undefined || script.cachedDataRejected === true) {
    atEnd(() => compiled.write(script.createCachedData()));
  }
  const loaded = { exports: {} };
  const run = script.runInThisContext() as (...values: readonly unknown[]) => void;
  run.call(loaded.exports, loaded.exports, require, loaded, path, dirname(path));
  return loaded.exports;
}

/** The compiled code of one source, with a checksum before it. */
class CompiledCode {
  readonly #folder: string;
  readonly #name: string;
  readonly #path: string;

  constructor(folder: string, { name, source }: { readonly name: string; readonly source: string }) {
    this.#folder = folder;
    this.#name = name;
    const head = new Script('').createCachedData().subarray(0, headBytes);
    const key = createHash('sha256').update(head).update(source, 'latin1').digest('hex').slice(0, 32);
    this.#path = join(folder, `${name}-${key}`);
  }

  /** @returns undefined if there is none, or it is damaged */
  read(): Buffer | undefined {
    try {
      const kept = readFileSync(this.#path);
      const code = kept.subarray(checksumBytes);
      return kept.length > checksumBytes && kept.readUInt32LE(0) === crc32(code) ? code : undefined;
    } catch {
      return undefined;
    }
  }

  /** A folder that cannot be written costs only the time of compiling again. */
  write(code: Buffer): void {
    try {
      mkdirSync(this.#folder, { recursive: true });
      const checksum = Buffer.alloc(checksumBytes);
      checksum.writeUInt32LE(crc32(code));
      const unfinished = `${this.#path}.${process.pid}`;
      writeFileSync(unfinished, Buffer.concat([checksum, code]), { mode: 0o600 });
      renameSync(unfinished, this.#path);
      this.#removeOld();
    } catch {
      // The next process compiles it again.
    }
  }

  #removeOld(): void {
    const before = Date.now() - keptForMs;
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.startsWith(`${this.#name}-`) && statSync(path).mtimeMs < before) rmSync(path, { force: true });
    }
  }
}
