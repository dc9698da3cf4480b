/** @type {Readonly<Record<string, string>>} */
const architectures = { x64: 'amd64', ppc64: 'ppc64le' };

/** This machine in the form that release files use in their names: `linux_amd64`. */
export const machine = `${process.platform}_${architectures[process.arch] ?? process.arch}`;
