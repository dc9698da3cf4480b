/** The purpose of a column in the older scripts' tables. */
export type ColumnUse = 'text' | 'status' | 'time' | 'size';

interface SharedColumn {
  readonly use: ColumnUse;
  /** The takeover adds other missing columns: NULL means their default. */
  readonly isNeeded?: true;
  /** The type to change it to. */
  readonly mysql: string;
}

const host = "varchar(255) null default 'docker.io'";
const name: SharedColumn = { use: 'text', mysql: 'varchar(255) null' };
const platform: SharedColumn = { use: 'text', mysql: "varchar(255) null default 'linux/amd64'" };
const moment: SharedColumn = { use: 'time', mysql: 'datetime null default current_timestamp' };
const status: SharedColumn = { use: 'status', mysql: 'int null default 0' };

export type SharedTable = 'images_for_push' | 'pushed_images';

/** The columns other than `id` that older scripts, people and the ferry share. */
export const sharedColumns: Readonly<Record<SharedTable, Readonly<Record<string, SharedColumn>>>> = {
  images_for_push: {
    source_registry_url: { use: 'text', mysql: host },
    orig_name_space: name,
    orig_image_name: { ...name, isNeeded: true },
    add_time: moment,
    platform,
    push_status: status,
  },
  pushed_images: {
    source_registry_url: { use: 'text', mysql: host },
    target_registry_url: { ...name, isNeeded: true },
    orig_name_space: name,
    orig_image_name: name,
    targ_name_space: name,
    push_time: moment,
    registry_image_name: { use: 'text', mysql: 'varchar(512) null', isNeeded: true },
    push_status: status,
    image_size: { use: 'size', mysql: 'varchar(64) null' },
    digest: name,
    platform,
  },
};
