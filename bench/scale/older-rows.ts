import type { Connection } from 'mysql2/promise';

import type { TinyImage } from './tiny-images.js';

/** As the scripts that the ferry replaces made them. */
const tables = [
  `create table images_for_push (
    id int not null auto_increment primary key,
    source_registry_url varchar(255) default 'docker.io',
    orig_name_space varchar(255) default null,
    orig_image_name varchar(255) not null,
    add_time datetime default current_timestamp,
    platform varchar(50) default 'linux/amd64',
    push_status int not null default 0,
    key idx_push_status (push_status),
    key idx_orig_image_name (orig_image_name)
  ) engine = InnoDB default charset = utf8mb4`,
  `create table pushed_images (
    id int not null auto_increment primary key,
    source_registry_url varchar(255) default null,
    target_registry_url varchar(255) not null,
    orig_name_space varchar(255) default null,
    orig_image_name varchar(255) not null,
    targ_name_space varchar(255) default null,
    push_time datetime default current_timestamp,
    registry_image_name varchar(512) not null,
    push_status int default 1,
    image_size varchar(50) default null,
    digest varchar(255) default null,
    platform varchar(50) default 'linux/amd64',
    unique key idx_registry_target_image (target_registry_url, registry_image_name)
  ) engine = InnoDB default charset = utf8mb4`,
];

const pushedAt = '2024-05-06 07:08:09';
const imagesPerStatement = 1000;

/** Makes the tables and rows of older scripts: every image is wanted, and pushed to every target. */
export async function insertOlderRows(
  sql: Connection,
  {
    images,
    sourceHost,
    targetHosts,
  }: {
    readonly images: readonly TinyImage[];
    readonly sourceHost: string;
    readonly targetHosts: readonly string[];
  },
): Promise<void> {
  for (const table of tables) await sql.query(table);
  for (let start = 0; start < images.length; start += imagesPerStatement) {
    const some = images.slice(start, start + imagesPerStatement).map(({ repository, tag }) => {
      const [namespace = '', ...rest] = repository.split('/');
      return { repository, tag, namespace, name: `${rest.join('/')}:${tag}` };
    });
    await sql.query(
      'insert into images_for_push (source_registry_url, orig_name_space, orig_image_name, platform) values ?',
      [some.map(({ namespace, name }) => [sourceHost, namespace, name, 'linux/amd64'])],
    );
    await sql.query(
      'insert into pushed_images (source_registry_url, target_registry_url, orig_name_space, orig_image_name, targ_name_space, push_time, registry_image_name, image_size, digest) values ?',
      [
        targetHosts.flatMap((host) =>
          some.map(({ repository, tag, namespace, name }) => [
            sourceHost,
            host,
            namespace,
            name,
            namespace,
            pushedAt,
            `${host}/${repository}:${tag}`,
            '12.34',
            '',
          ]),
        ),
      ],
    );
  }
}
