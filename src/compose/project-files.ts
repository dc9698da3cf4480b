/** The files that a compose project is read from: a repository at a tag, or a folder. Paths are relative to its root. */
export interface ProjectFiles {
  /** @returns undefined if it does not exist @throws FerryError also if the project has too many files */
  read(path: string): Promise<string | undefined>;
  /** @throws FerryError `upstream-missing` if it does not exist */
  require(path: string): Promise<string>;
  /** Names of the files in a folder; undefined if they cannot be listed. */
  list(folder: string): Promise<readonly string[] | undefined>;
  /** Shown in messages. */
  addressOf(path: string): string;
}
