import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { makeConfigFolder, removeAbandonedFolders } from '../../src/docker/config-folder.js';

function configIn(path: string): unknown {
  return JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'));
}

test("only its owner can read docker's temporary configuration folder, and it is removed afterwards", async () => {
  const folder = await makeConfigFolder();
  await folder.addToken('registry.example.com', { identitytoken: 'refresh-token' });

  expect(statSync(folder.path).mode & 0o777).toBe(0o700);
  expect(configIn(folder.path)).toMatchObject({
    auths: { 'registry.example.com': { identitytoken: 'refresh-token' } },
  });
  await folder.remove();
  expect(existsSync(folder.path)).toBe(false);
});

test("docker's temporary configuration folder links the user's contexts and nothing else", async () => {
  const user = mkdtempSync(join(tmpdir(), 'ferry-docker-user-'));
  onTestFinished(() => rmSync(user, { recursive: true }));
  mkdirSync(join(user, 'contexts', 'meta'), { recursive: true });
  writeFileSync(join(user, 'config.json'), JSON.stringify({ currentContext: 'colima', credsStore: 'desktop' }));

  const folder = await makeConfigFolder(user);

  expect(existsSync(join(folder.path, 'contexts', 'meta'))).toBe(true);
  expect(configIn(folder.path)).toEqual({ auths: { 'image-ferry.invalid': {} }, currentContext: 'colima' });
  await folder.remove();
  expect(existsSync(join(user, 'contexts', 'meta'))).toBe(true);
});

test('configuration folders of killed processes are removed, and those of running ones are not', async () => {
  const leftByTheDead = mkdtempSync(join(tmpdir(), 'image-ferry-docker-999999999-'));
  const alive = await makeConfigFolder();
  onTestFinished(async () => await alive.remove());

  await removeAbandonedFolders();

  expect(existsSync(leftByTheDead)).toBe(false);
  expect(existsSync(alive.path)).toBe(true);
});
