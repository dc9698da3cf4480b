import { join } from 'node:path';

import { fromDownload } from './from-download.mjs';
import { fromGoModule, fromGoPackage } from './from-go.mjs';
import { machine } from './machine.mjs';
import { isAtLeast } from './version.mjs';

const version = '1.8.2';
const release = `https://github.com/temporalio/cli/releases/download/v${version}`;
const goPackage = 'github.com/temporalio/cli/cmd/temporal';

/**
 * The Temporal CLI, whose server `ferry up` runs.
 *
 * @param {string} packageFolder the folder of package.json
 * @returns {import('./program-types.js').Program}
 */
export function temporalCli(packageFolder) {
  return {
    name: 'temporal',
    title: 'Temporal CLI',
    variable: 'FERRY_TEMPORAL_CLI',
    commands: ['temporal'],
    // The first server version with worker deployments and the priority matcher that the SDK expects.
    fits: (text) => isAtLeast(text.match(/Server (\d+)\.(\d+)/), 1, 29),
    wanted: 'a Temporal CLI with server 1.29 or later',
    cacheName: 'temporal',
    ways: [
      fromDownload({
        isThere: ['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64'].includes(machine),
        url: `${release}/temporal_cli_${version}_${machine}.tar.gz`,
        checksums: `${release}/checksums.txt`,
        file: 'temporal',
      }),
      fromGoModule({
        folder: join(packageFolder, 'scripts', 'tools', 'temporal'),
        package: goPackage,
        setVersion: `github.com/temporalio/cli/internal/temporalcli.Version=${version}`,
        takes: '3 to 8 minutes',
      }),
      // For a Go version that is too old for the module above and may not download a newer one: server 1.29.1.
      fromGoPackage({ package: goPackage, version: 'v1.5.1', takes: '3 to 6 minutes' }),
    ],
    advice: 'curl -sSf https://temporal.download/cli.sh | sh, or: brew install temporal',
  };
}
