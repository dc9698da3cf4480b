-- The same at a site that grew: numbers for sizes, no indexes, columns of its own.
CREATE TABLE images_for_push (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_registry_url TEXT DEFAULT 'docker.io',
  orig_name_space TEXT DEFAULT NULL,
  orig_image_name TEXT NOT NULL,
  add_time DATETIME DEFAULT CURRENT_TIMESTAMP,
  platform TEXT DEFAULT NULL,
  push_status TINYINT(1) DEFAULT 0,
  team TEXT DEFAULT 'ops'
);
CREATE TABLE pushed_images (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_registry_url TEXT DEFAULT NULL,
  target_registry_url TEXT NOT NULL,
  orig_name_space TEXT DEFAULT NULL,
  orig_image_name TEXT NOT NULL,
  targ_name_space TEXT DEFAULT NULL,
  push_time DATETIME DEFAULT CURRENT_TIMESTAMP,
  registry_image_name TEXT NOT NULL,
  push_status TINYINT(1) DEFAULT 1,
  image_size BIGINT DEFAULT NULL,
  digest TEXT DEFAULT NULL,
  platform TEXT DEFAULT NULL,
  checked_by TEXT DEFAULT NULL
);
