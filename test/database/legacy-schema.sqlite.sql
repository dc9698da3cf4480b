-- The two tables as the older scripts made them.
CREATE TABLE images_for_push (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_registry_url VARCHAR(255) DEFAULT 'docker.io',
  orig_name_space VARCHAR(255) DEFAULT NULL,
  orig_image_name VARCHAR(255) NOT NULL,
  add_time DATETIME DEFAULT CURRENT_TIMESTAMP,
  platform VARCHAR(50) DEFAULT 'linux/amd64',
  push_status INT NOT NULL DEFAULT 0
);
CREATE INDEX idx_push_status ON images_for_push (push_status);
CREATE INDEX idx_orig_image_name ON images_for_push (orig_image_name);
CREATE TABLE pushed_images (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_registry_url VARCHAR(255) DEFAULT NULL,
  target_registry_url VARCHAR(255) NOT NULL,
  orig_name_space VARCHAR(255) DEFAULT NULL,
  orig_image_name VARCHAR(255) NOT NULL,
  targ_name_space VARCHAR(255) DEFAULT NULL,
  push_time DATETIME DEFAULT CURRENT_TIMESTAMP,
  registry_image_name VARCHAR(512) NOT NULL,
  push_status INT DEFAULT 1,
  image_size VARCHAR(50) DEFAULT NULL,
  digest VARCHAR(255) DEFAULT NULL,
  platform VARCHAR(50) DEFAULT 'linux/amd64'
);
CREATE UNIQUE INDEX idx_registry_target_image ON pushed_images (target_registry_url, registry_image_name);
