import { afterAll } from 'vitest';

import { sqlitePlace } from '../support/database-locations.js';
import { tableFormsSuite } from './table-forms-suite.js';
import type { TableForm } from './table-forms-suite.js';

const place = sqlitePlace();

afterAll(async () => await place.clear());

const standard = `id INTEGER PRIMARY KEY, source_registry_url TEXT DEFAULT 'docker.io', orig_name_space TEXT,
  orig_image_name TEXT, add_time TEXT, platform TEXT DEFAULT 'linux/amd64', push_status INTEGER DEFAULT 0`;

function wanted(form: string, columns: string, more: Partial<TableForm> = {}): TableForm {
  const script = `create table images_for_push (${columns}); insert into images_for_push (orig_image_name) values ('nginx:1')`;
  return { form: `images_for_push ${form}`, script, ...more };
}

const withId = (id: string) => standard.replace('id INTEGER PRIMARY KEY', id);

const forms: readonly TableForm[] = [
  wanted('as the scripts make it', standard),
  wanted(
    'with columns in capitals',
    standard.toUpperCase().replace("'DOCKER.IO'", "'docker.io'").replace("'LINUX/AMD64'", "'linux/amd64'"),
    { refused: /images_for_push\.ID must be spelled id/ },
  ),
  wanted('with id TEXT', withId('id TEXT PRIMARY KEY'), {
    refused: /images_for_push\.id is "TEXT", not "integer primary key"/,
    isMended: false,
  }),
  wanted('with id INT', withId('id INT PRIMARY KEY'), { refused: /images_for_push\.id is "INT"/, isMended: false }),
  wanted('without id', standard.replace('id INTEGER PRIMARY KEY, ', ''), {
    refused: /images_for_push has no column id/,
    isMended: false,
  }),
  {
    form: 'images_for_push is a view',
    script: `create table real_images (${standard}); create view images_for_push as select * from real_images`,
    refused: /images_for_push is a view/,
    isMended: false,
  },
  wanted('without orig_image_name', standard.replace('orig_image_name TEXT,', ''), {
    script: `create table images_for_push (${standard.replace('orig_image_name TEXT,', '')})`,
    refused: /images_for_push\.orig_image_name is missing/,
  }),
  ...['source_registry_url', 'orig_name_space', 'add_time', 'platform', 'push_status'].map((column) =>
    wanted(`without ${column}`, standard.replace(new RegExp(`,\\s*${column}[^,]*`), '')),
  ),
  wanted('with push_status TEXT', standard.replace('push_status INTEGER DEFAULT 0', "push_status TEXT DEFAULT '0'"), {
    refused: /images_for_push\.push_status is TEXT/,
  }),
  wanted('with push_status BOOLEAN', standard.replace('push_status INTEGER', 'push_status BOOLEAN')),
  wanted('with a column of its own that has no default', `${standard}, team TEXT NOT NULL`, {
    script: `create table images_for_push (${standard}, team TEXT NOT NULL)`,
    refused: /images_for_push\.team \(TEXT\) is NOT NULL without a default/,
    isMended: false,
  }),
  wanted(
    'with columns of its own',
    `${standard}, team TEXT NOT NULL DEFAULT 'ops', upper_name TEXT AS (upper(orig_image_name))`,
  ),
  wanted('with a column of its own under a name of the ferry', `${standard}, note VARCHAR(50)`, {
    refused: /images_for_push\.note is VARCHAR\(50\)/,
  }),
  {
    form: 'a table of another program has the name of one of the ferry’s',
    script: 'create table runs (id integer primary key, distance integer)',
    refused: /runs belongs to another program/,
    isMended: false,
  },
];

tableFormsSuite(() => place, forms);
