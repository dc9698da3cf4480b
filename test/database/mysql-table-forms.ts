import type { TableForm } from './table-forms-suite.js';

const wantedColumns = [
  "source_registry_url VARCHAR(255) DEFAULT 'docker.io'",
  'orig_name_space VARCHAR(255)',
  'orig_image_name VARCHAR(255)',
  'add_time TIMESTAMP DEFAULT CURRENT_TIMESTAMP',
  "platform VARCHAR(50) DEFAULT 'linux/amd64'",
  'push_status TINYINT DEFAULT 0',
];
const pushedColumns = [
  "source_registry_url VARCHAR(255) DEFAULT 'docker.io'",
  'target_registry_url VARCHAR(255)',
  'orig_name_space VARCHAR(255)',
  'orig_image_name VARCHAR(255)',
  'targ_name_space VARCHAR(255)',
  'push_time TIMESTAMP DEFAULT CURRENT_TIMESTAMP',
  'registry_image_name VARCHAR(512)',
  'push_status TINYINT DEFAULT 0',
  'image_size VARCHAR(50)',
  'digest VARCHAR(255)',
  "platform VARCHAR(50) DEFAULT 'linux/amd64'",
];
const standardId = 'id INT AUTO_INCREMENT PRIMARY KEY';
const wantedRow = "insert into images_for_push (orig_name_space, orig_image_name) values ('library', 'nginx:1.27')";
const pushedRow = `insert into pushed_images (target_registry_url, orig_name_space, orig_image_name, registry_image_name,
  push_status) values ('r.example.com', 'library', 'nginx:1.27', 'r.example.com/library/nginx:1.27', 1)`;

/** How a table differs from that of the older scripts. */
interface Difference {
  readonly id?: string;
  /** Columns of other types, by their names; null: not there. */
  readonly columns?: Readonly<Record<string, string | null>>;
  /** More columns and keys. */
  readonly added?: readonly string[];
  readonly options?: string;
  readonly row?: string;
  /** Statements behind those that make it. */
  readonly later?: string;
}

function table(name: string, standard: readonly string[], row: string, difference: Difference): string {
  const { id = standardId, columns = {}, added = [], options = '', row: own = row, later = '' } = difference;
  const kept = standard.flatMap((line) => {
    const column = line.split(' ', 1)[0] ?? '';
    const other = Object.hasOwn(columns, column) ? columns[column] : line;
    return other === null || other === undefined ? [] : [other === line ? line : `${column} ${other}`];
  });
  const lines = [...(id === '' ? [] : [id]), ...kept, ...added];
  return `create table ${name} (${lines.join(', ')}) ${options}; ${own}; ${later}`;
}

function wanted(form: string, difference: Difference, more: Omit<TableForm, 'form' | 'script'> = {}): TableForm {
  const script =
    table('images_for_push', wantedColumns, wantedRow, difference) +
    table('pushed_images', pushedColumns, pushedRow, {});
  return { form: `images_for_push ${form}`, script, ...more };
}

function pushed(form: string, difference: Difference, more: Omit<TableForm, 'form' | 'script'> = {}): TableForm {
  const script =
    table('images_for_push', wantedColumns, wantedRow, {}) +
    table('pushed_images', pushedColumns, pushedRow, difference);
  return { form: `pushed_images ${form}`, script, ...more };
}

const uuidRow = wantedRow.replace('(orig', '(id, orig').replace("('lib", "(uuid(), 'lib");

const ids: readonly TableForm[] = [
  wanted('as the scripts make it', {}),
  wanted('with id BIGINT UNSIGNED', { id: 'id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY' }),
  pushed(
    'with an id above what a number holds exactly',
    {
      id: 'id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY',
      later: `insert into pushed_images (id, target_registry_url, orig_image_name, registry_image_name) values
        (18446744073709551000, 'r.example.com', 'a:1', 'r.example.com/a:1');`,
    },
    {
      refused: /pushed_images\.id has the value 18446744073709551000/,
      typed:
        'update pushed_images set id = 7 where id = 18446744073709551000; alter table pushed_images auto_increment = 1',
    },
  ),
  wanted('with an id from a sequence', {
    id: 'id BIGINT NOT NULL DEFAULT (NEXT VALUE FOR ids) PRIMARY KEY',
    row: wantedRow,
  }),
  wanted(
    'with id CHAR(36)',
    { id: 'id CHAR(36) NOT NULL PRIMARY KEY', row: uuidRow },
    { refused: /images_for_push\.id is char\(36\)/ },
  ),
  wanted(
    'with id UUID',
    { id: 'id UUID NOT NULL DEFAULT uuid() PRIMARY KEY' },
    { refused: /images_for_push\.id is uuid/ },
  ),
  wanted('with id VARCHAR and no key', { id: 'id VARCHAR(64)', row: uuidRow }, { refused: /\.id is varchar\(64\)/ }),
  wanted('with id TEXT', { id: 'id TEXT NOT NULL', row: uuidRow }, { refused: /images_for_push\.id is text/ }),
  wanted(
    'with id BINARY(16)',
    { id: 'id BINARY(16) NOT NULL PRIMARY KEY', row: uuidRow.replace('uuid()', "unhex('00')") },
    { refused: /\.id is binary\(16\)/ },
  ),
  wanted(
    'with id DECIMAL',
    { id: 'id DECIMAL(20,0) NOT NULL PRIMARY KEY', row: uuidRow.replace('uuid()', '1') },
    { refused: /\.id is decimal/ },
  ),
  pushed(
    'with id CHAR(36)',
    {
      id: 'id CHAR(36) NOT NULL PRIMARY KEY',
      row: pushedRow.replace('(target', '(id, target').replace("('r.", "(uuid(), 'r."),
    },
    { refused: /pushed_images\.id is char\(36\)/ },
  ),
  wanted('without id', { id: '' }, { refused: /images_for_push has no column id/ }),
  wanted(
    'without id, with another number for each row',
    { id: 'no INT AUTO_INCREMENT PRIMARY KEY' },
    { refused: /images_for_push has no column id/ },
  ),
  wanted(
    'without id, with a key of several columns',
    {
      id: '',
      columns: {
        orig_name_space: 'VARCHAR(100) NOT NULL',
        orig_image_name: 'VARCHAR(200) NOT NULL',
        platform: "VARCHAR(50) NOT NULL DEFAULT 'linux/amd64'",
      },
      added: ['PRIMARY KEY (orig_name_space, orig_image_name, platform)'],
    },
    { refused: /images_for_push has no column id/ },
  ),
  wanted(
    'with an id that is handed out by the programs',
    { id: 'id INT NOT NULL PRIMARY KEY', row: uuidRow.replace('uuid()', '5') },
    { refused: /images_for_push\.id is not auto_increment/ },
  ),
  wanted(
    'with an id without a key',
    { id: 'id INT NOT NULL', row: uuidRow.replace('uuid()', '5') },
    { refused: /images_for_push\.id is not auto_increment/ },
  ),
  wanted('with an id without a unique key', { id: 'id INT NOT NULL AUTO_INCREMENT', added: ['KEY (id)'] }),
  wanted(
    'with one id in two rows',
    {
      id: 'id INT NOT NULL AUTO_INCREMENT',
      added: ['KEY (id)'],
      later: "insert into images_for_push (id, orig_image_name) values (1, 'b:1');",
    },
    { refused: /images_for_push\.id has the same value in several rows/ },
  ),
  wanted('with a key of id and another column', {
    id: 'id INT NOT NULL AUTO_INCREMENT',
    columns: { orig_image_name: 'VARCHAR(200) NOT NULL' },
    added: ['PRIMARY KEY (id, orig_image_name)'],
  }),
];

const shapes: readonly TableForm[] = [
  {
    form: 'images_for_push is a view',
    script: `${table('real_images', wantedColumns, 'do 0', { later: 'do 0;' })} create view images_for_push as select * from real_images`,
    refused: /images_for_push is a view/,
    typed: 'rename table images_for_push to old_images_for_push',
  },
  {
    form: 'images_for_push in capitals',
    script: table('Images_For_Push', wantedColumns, 'do 0', {}),
    refused: /Images_For_Push differs from images_for_push in upper and lower case/,
  },
  wanted(
    'keeps its history',
    { options: 'WITH SYSTEM VERSIONING' },
    { refused: /images_for_push is system-versioned/ },
  ),
  wanted(
    'is partitioned',
    { options: 'PARTITION BY HASH (id) PARTITIONS 4' },
    { refused: /images_for_push is partitioned/ },
  ),
  wanted(
    'is MyISAM',
    { options: 'ENGINE=MyISAM' },
    { refused: /images_for_push uses the engine myisam/, typed: 'alter table images_for_push engine=InnoDB' },
  ),
  pushed(
    'is Aria',
    { options: 'ENGINE=Aria' },
    { refused: /pushed_images uses the engine aria/, typed: 'alter table pushed_images engine=InnoDB' },
  ),
  wanted('has row format COMPACT', { options: 'ROW_FORMAT=COMPACT' }),
  ...[
    'latin1',
    'utf8mb3',
    'gbk',
    'ucs2',
    'ascii',
    'utf8mb4 COLLATE utf8mb4_bin',
    'utf8mb4 COLLATE utf8mb4_unicode_ci',
  ].flatMap((charset) => {
    const options = `DEFAULT CHARACTER SET ${charset}`;
    return [wanted(`in ${charset}`, { options }), pushed(`in ${charset}`, { options })];
  }),
  wanted('has triggers', {
    later: `create table log (what varchar(600)); create trigger logged after insert on images_for_push for each row
      insert into log values (new.orig_image_name);`,
  }),
  wanted('has foreign keys, and is named by one', {
    added: ['team INT NULL'],
    later: `create table teams (id int primary key); alter table images_for_push add foreign key (team) references teams (id);
      create table labels (image int, foreign key (image) references images_for_push (id));`,
  }),
  wanted(
    'whose platform is bound by a foreign key',
    {
      columns: { platform: 'VARCHAR(50)' },
      later: `create table platforms (name varchar(50) primary key) character set utf8mb4;
        alter table images_for_push add constraint known foreign key (platform) references platforms (name);`,
    },
    { refused: /images_for_push\.platform has a foreign key to the table platforms/ },
  ),
  {
    form: 'a table of another program has the name of one of the ferry’s',
    script: 'create table runs (id int primary key, distance int)',
    refused: /runs belongs to another program/,
    isMended: false,
  },
];

const columns: readonly TableForm[] = [
  ...wantedColumns.map((line) => {
    const column = line.split(' ', 1)[0] ?? '';
    const row =
      column === 'orig_name_space' ? "insert into images_for_push (orig_image_name) values ('nginx:1.27')" : wantedRow;
    if (column !== 'orig_image_name') return wanted(`without ${column}`, { columns: { [column]: null }, row });
    return wanted(
      `without ${column}`,
      { columns: { [column]: null }, row: 'insert into images_for_push (platform) values (null)' },
      { refused: /images_for_push\.orig_image_name is missing/ },
    );
  }),
  ...pushedColumns.map((line) => {
    const column = line.split(' ', 1)[0] ?? '';
    const isNeeded = column === 'target_registry_url' || column === 'registry_image_name';
    const row = 'do 0';
    if (!isNeeded) return pushed(`without ${column}`, { columns: { [column]: null }, row });
    const refused = new RegExp(`pushed_images\\.${column} is missing`);
    return pushed(`without ${column}`, { columns: { [column]: null }, row }, { refused });
  }),
  ...['INT', 'BIGINT', 'BOOLEAN', 'SMALLINT UNSIGNED', 'INT NOT NULL DEFAULT 0', 'INT NULL'].map((type) =>
    wanted(`with push_status ${type}`, { columns: { push_status: type } }),
  ),
  ...[
    "ENUM('0','1') DEFAULT '0'",
    "ENUM('pending','pushed','failed') DEFAULT 'pending'",
    "VARCHAR(10) DEFAULT '0'",
    'BIT(1) DEFAULT 0',
    'DECIMAL(1,0) DEFAULT 0',
    'FLOAT DEFAULT 0',
  ].map((type) =>
    wanted(
      `with push_status ${type}`,
      { columns: { push_status: type } },
      { refused: /images_for_push\.push_status is / },
    ),
  ),
  pushed(
    "with push_status ENUM('no','yes')",
    { columns: { push_status: "ENUM('no','yes') DEFAULT 'no'" }, row: pushedRow.replace(', 1)', ", 'yes')") },
    { refused: /pushed_images\.push_status is enum/ },
  ),
  ...[
    'DATETIME',
    'DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)',
    'DATE',
    'VARCHAR(32)',
    'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
  ].map((type) => wanted(`with add_time ${type}`, { columns: { add_time: type } })),
  ...['INT', 'BIGINT', 'VARCHAR(10)', 'YEAR', 'TIME'].map((type) =>
    wanted(`with add_time ${type}`, { columns: { add_time: type } }, { refused: /images_for_push\.add_time is / }),
  ),
  pushed('with push_time INT', { columns: { push_time: 'INT' } }, { refused: /pushed_images\.push_time is int/ }),
  ...['INT', 'SMALLINT', 'BIGINT', 'DOUBLE', 'FLOAT', 'DECIMAL(10,2)', 'VARCHAR(4)', 'VARCHAR(50)'].map((type) =>
    pushed(`with image_size ${type}`, { columns: { image_size: type } }),
  ),
  ...['DECIMAL(5,2)', 'DATE'].map((type) =>
    pushed(`with image_size ${type}`, { columns: { image_size: type } }, { refused: /pushed_images\.image_size is / }),
  ),
  pushed('with digest VARCHAR(64)', { columns: { digest: 'VARCHAR(64)' } }),
  ...['TEXT', 'LONGTEXT', 'CHAR(200)'].map((type) =>
    wanted(`with orig_image_name ${type}`, { columns: { orig_image_name: type } }),
  ),
  pushed('with texts without limits', {
    columns: {
      orig_image_name: 'TEXT',
      registry_image_name: 'TEXT',
      platform: 'TEXT',
      digest: 'TEXT',
      target_registry_url: 'TEXT',
    },
  }),
  ...[
    ['VARBINARY(200)', 'varbinary\\(200\\)'],
    ["ENUM('linux/amd64')", 'enum'],
    ['INT', 'int\\(11\\)'],
  ].map(([type = '', said = '']) =>
    wanted(
      `with platform ${type}`,
      { columns: { platform: type } },
      { refused: new RegExp(`images_for_push\\.platform is ${said}`) },
    ),
  ),
  wanted(
    'with platform JSON',
    { columns: { platform: 'JSON' } },
    { refused: /images_for_push\.platform (?:is json|has a CHECK constraint, json_valid)/ },
  ),
  wanted(
    'with a CHECK constraint of the states that the scripts knew',
    { added: ['CONSTRAINT known CHECK (push_status IN (0, 1))'] },
    { refused: /images_for_push has a CHECK constraint, .*push_status.* drop constraint known/ },
  ),
  wanted('with a CHECK constraint that lets the ferry work', { added: ['CHECK (push_status >= 0)'] }),
  wanted('with columns of its own that have defaults', {
    added: [
      "team VARCHAR(30) NOT NULL DEFAULT 'ops'",
      'tries INT NOT NULL DEFAULT 0',
      'note_of_team TEXT NULL',
      "kind ENUM('a','b') NOT NULL",
    ],
  }),
  wanted(
    'with a column of its own that has no default',
    {
      added: ['team VARCHAR(30) NOT NULL'],
      row: wantedRow.replace('(orig', '(team, orig').replace("('lib", "('ops', 'lib"),
    },
    { refused: /images_for_push\.team \(varchar\(30\)\) is NOT NULL without a default/ },
  ),
  pushed(
    'with columns of its own that have no default',
    {
      added: ['cluster INT NOT NULL', 'seen DATETIME NOT NULL'],
      row: 'do 0',
    },
    { refused: /pushed_images\.cluster \(int\(11\)\) is NOT NULL[^]*pushed_images\.seen \(datetime\) is NOT NULL/ },
  ),
  wanted('with a column of its own that a trigger fills', {
    added: ['team VARCHAR(30) NOT NULL'],
    row: 'do 0',
    later:
      "create trigger filled before insert on images_for_push for each row set new.team = coalesce(new.team, 'ops');",
  }),
  wanted('with generated columns of its own', {
    added: [
      "full_name VARCHAR(600) AS (concat(coalesce(orig_name_space, ''), '/', orig_image_name)) STORED",
      'is_open BOOLEAN AS (push_status = 0) VIRTUAL',
    ],
  }),
  wanted(
    'whose platform is generated',
    { columns: { platform: "VARCHAR(50) AS ('linux/amd64') STORED" } },
    { refused: /images_for_push\.platform is a generated column/ },
  ),
  wanted(
    'with a column of its own under a name of the ferry',
    { added: ['note VARCHAR(50)', 'image INT'] },
    { refused: /images_for_push\.note is varchar\(50\)[^]*images_for_push\.image is int/ },
  ),
  wanted('with columns in capitals', {
    id: 'ID INT AUTO_INCREMENT PRIMARY KEY',
    columns: { push_status: null, platform: null, orig_image_name: null },
    added: [
      'Push_Status TINYINT DEFAULT 0',
      "PLATFORM VARCHAR(50) DEFAULT 'linux/amd64'",
      'Orig_Image_Name VARCHAR(255)',
    ],
  }),
  wanted('with rows of NULLs and of very long values', {
    columns: { orig_image_name: 'TEXT' },
    later: `insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, add_time, platform, push_status)
      values (null, null, null, null, null, null), ('', '', '', null, '', 0), (null, null, repeat('a', 60000), null, null, 0);`,
  }),
];

export const mysqlTableForms: readonly TableForm[] = [...ids, ...shapes, ...columns].map((entry) =>
  entry.form.includes('sequence') ? { ...entry, script: `create sequence ids; ${entry.script}` } : entry,
);
