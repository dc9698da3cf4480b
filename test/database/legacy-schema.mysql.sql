-- The two tables as the older scripts made them.
CREATE TABLE images_for_push (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  source_registry_url VARCHAR(255) DEFAULT 'docker.io',
  orig_name_space VARCHAR(255) DEFAULT NULL,
  orig_image_name VARCHAR(255) NOT NULL,
  add_time DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  platform VARCHAR(50) DEFAULT 'linux/amd64' COMMENT 'one, or NULL',
  push_status INT NOT NULL DEFAULT 0,
  KEY idx_push_status (push_status),
  KEY idx_orig_image_name (orig_image_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE pushed_images (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  source_registry_url VARCHAR(255) DEFAULT NULL,
  target_registry_url VARCHAR(255) NOT NULL,
  orig_name_space VARCHAR(255) DEFAULT NULL,
  orig_image_name VARCHAR(255) NOT NULL,
  targ_name_space VARCHAR(255) DEFAULT NULL,
  push_time DATETIME DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  registry_image_name VARCHAR(512) NOT NULL DEFAULT 'it''s, (none)' COMMENT 'whole name, on the target',
  push_status INT DEFAULT 1,
  image_size VARCHAR(50) DEFAULT NULL,
  digest VARCHAR(255) DEFAULT NULL,
  platform VARCHAR(50) DEFAULT 'linux/amd64',
  UNIQUE KEY idx_registry_target_image (target_registry_url, registry_image_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
