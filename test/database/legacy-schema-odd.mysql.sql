-- The same at a site that grew: another engine, other character sets, numbers for sizes, no indexes, columns of its own.
CREATE TABLE images_for_push (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  source_registry_url VARCHAR(100) DEFAULT 'docker.io',
  orig_name_space VARCHAR(100) DEFAULT NULL,
  orig_image_name VARCHAR(200) NOT NULL,
  add_time DATETIME DEFAULT CURRENT_TIMESTAMP,
  platform VARCHAR(20) DEFAULT NULL,
  push_status TINYINT(1) DEFAULT 0,
  team VARCHAR(30) DEFAULT 'ops'
) ENGINE=MyISAM DEFAULT CHARSET=latin1;
CREATE TABLE pushed_images (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  source_registry_url VARCHAR(500) DEFAULT NULL,
  target_registry_url VARCHAR(500) NOT NULL,
  orig_name_space VARCHAR(255) DEFAULT NULL,
  orig_image_name VARCHAR(255) NOT NULL,
  targ_name_space VARCHAR(255) DEFAULT NULL,
  push_time TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  registry_image_name VARCHAR(512) NOT NULL,
  push_status TINYINT(1) DEFAULT 1,
  image_size BIGINT DEFAULT NULL,
  digest VARCHAR(255) CHARACTER SET utf8mb4 DEFAULT NULL,
  platform VARCHAR(20) DEFAULT NULL,
  checked_by VARCHAR(30) DEFAULT NULL
) ENGINE=InnoDB ROW_FORMAT=COMPACT DEFAULT CHARSET=latin1;
