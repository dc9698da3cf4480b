import { sql } from 'kysely';

import type { MigrationStep } from '../migration-step.js';

/** Creates the two tables of the older scripts if they do not exist. Existing ones are not changed. */
export async function up({ queries, dialect }: MigrationStep): Promise<void> {
  for (const statement of dialect.kind === 'mysql' ? mysql : sqlite) await sql.raw(statement).execute(queries);
}

const mysql = [
  `create table if not exists images_for_push (
    id bigint not null auto_increment primary key,
    source_registry_url varchar(255) null default 'docker.io',
    orig_name_space varchar(255) null default '',
    orig_image_name varchar(512) not null,
    add_time datetime null default current_timestamp,
    platform varchar(255) null default 'linux/amd64',
    push_status int null default 0,
    key idx_push_status (push_status),
    key idx_orig_image_name (orig_image_name)
  ) engine = InnoDB row_format = dynamic default character set utf8mb4`,
  `create table if not exists pushed_images (
    id bigint not null auto_increment primary key,
    source_registry_url varchar(255) null,
    target_registry_url varchar(255) not null,
    orig_name_space varchar(255) null,
    orig_image_name varchar(512) null,
    targ_name_space varchar(255) null,
    push_time datetime null default current_timestamp,
    registry_image_name varchar(512) character set utf8mb4 collate utf8mb4_bin not null,
    push_status int null default 1,
    image_size varchar(64) null,
    digest varchar(255) null,
    platform varchar(255) null,
    unique key idx_registry_target_image (target_registry_url, registry_image_name)
  ) engine = InnoDB row_format = dynamic default character set utf8mb4`,
];

const sqlite = [
  `create table if not exists images_for_push (
    id integer primary key autoincrement,
    source_registry_url text default 'docker.io',
    orig_name_space text default '',
    orig_image_name text not null,
    add_time text default current_timestamp,
    platform text default 'linux/amd64',
    push_status integer default 0
  )`,
  `create table if not exists pushed_images (
    id integer primary key autoincrement,
    source_registry_url text,
    target_registry_url text not null,
    orig_name_space text,
    orig_image_name text,
    targ_name_space text,
    push_time text default current_timestamp,
    registry_image_name text not null,
    push_status integer default 1,
    image_size text,
    digest text,
    platform text
  )`,
];
