import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The licenses of the packages that bundled modules come from: most of them require that their text goes with the code.
 *
 * @param {readonly string[]} modules paths of modules; those outside node_modules are our own
 * @returns {string} name, version and license text of each package
 * @throws {Error} when a package has no license text and names no license
 */
export function licensesOf(modules) {
  const folders = new Set(modules.map(packageFolderOf).filter(Boolean));
  const packages = [...folders].map((folder) => ({ folder, ...readManifest(folder) }));
  packages.sort((a, b) => (a.name < b.name ? -1 : 1));
  return packages
    .map(({ folder, name, version, license }) => {
      const text = licenseText(folder) ?? license;
      if (typeof text !== 'string') throw new Error(`${name} ${version} says nothing about its license`);
      return `${name} ${version}\n\n${text.trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** The innermost one, since packages can be nested. */
function packageFolderOf(module) {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module.replaceAll('\\', '/'))?.[0];
}

function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

function licenseText(folder) {
  const name = existsSync(folder) && readdirSync(folder).find((file) => /^licen[cs]e(\.(md|txt))?$/i.test(file));
  return name ? readFileSync(join(folder, name), 'utf8') : undefined;
}
