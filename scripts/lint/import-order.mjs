/**
 * A rule of oxlint: imports of Node first, packages next, own files last; a blank line between these groups and none in
 * them; each group sorted by path, and the types of a module after its values. `npx oxlint --fix` puts them in order.
 */
const importOrder = {
  meta: { type: 'layout', fixable: 'code' },
  create(context) {
    return {
      Program(program) {
        const imports = firstImports(program.body);
        const [first] = imports;
        if (first === undefined) return;
        const { text } = context.sourceCode;
        const statements = withComments(imports, text);
        const range = [first.range[0], statements.at(-1).end];
        const ordered = inOrder(statements);
        if (ordered === text.slice(...range)) return;
        context.report({
          node: first,
          message: 'Imports are out of order: Node, packages, own files, each sorted by path (`npx oxlint --fix`).',
          fix: (fixer) => fixer.replaceTextRange(range, ordered),
        });
      },
    };
  },
};

/** Later ones, behind other statements, are reported by `import/first`. */
function firstImports(body) {
  const start = body.findIndex(isImport);
  if (start === -1) return [];
  const length = body.slice(start).findIndex((statement) => !isImport(statement));
  return body.slice(start, length === -1 ? undefined : start + length);
}

function isImport({ type }) {
  return type === 'ImportDeclaration';
}

/** A comment above an import moves with it, and so does one behind it. What is above the first import is the file's. */
function withComments(imports, text) {
  let start = imports[0].range[0];
  return imports.map((node) => {
    const lineEnd = text.indexOf('\n', node.range[1]);
    const end = lineEnd === -1 ? text.length : lineEnd;
    const statement = {
      group: groupOf(node.source.value),
      path: node.source.value,
      isType: node.importKind === 'type',
      text: text.slice(start, end).trim(),
      end,
    };
    start = end;
    return statement;
  });
}

function groupOf(path) {
  if (path.startsWith('node:')) return 0;
  return path.startsWith('.') ? 2 : 1;
}

function inOrder(statements) {
  const sorted = statements.toSorted(
    (one, other) => one.group - other.group || compare(one.path, other.path) || one.isType - other.isType,
  );
  return sorted
    .map(({ group, text }, index) => {
      if (index === 0) return text;
      return `${group === sorted[index - 1].group ? '\n' : '\n\n'}${text}`;
    })
    .join('');
}

/** By code unit: `../../a` before `../a` before `./a`. */
function compare(one, other) {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

// oxlint loads a plugin's default export.
// oxlint-disable-next-line import/no-default-export
export default { meta: { name: 'ferry' }, rules: { 'import-order': importOrder } };
