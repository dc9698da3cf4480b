# The MySQL image runs this when it creates its data folder. Creates the ferry's database and user, and a user for Temporal with
# permission to create its databases. Passwords and names can contain any character.

text() {
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\'\'}"
}

name() {
  printf '`%s`' "${1//\`/\`\`}"
}

# In a GRANT, "_" and "%" are wildcards unless a backslash precedes them.
pattern() {
  local value=${1//_/\\_}
  name "${value//%/\\%}"
}

mysql --user=root <<SQL
CREATE DATABASE IF NOT EXISTS $(name "$FERRY_DB_NAME");
CREATE USER IF NOT EXISTS $(text "$FERRY_DB_USER")@'%' IDENTIFIED BY $(text "$FERRY_DB_PASSWORD");
GRANT ALL PRIVILEGES ON $(pattern "$FERRY_DB_NAME").* TO $(text "$FERRY_DB_USER")@'%';
CREATE USER IF NOT EXISTS 'temporal'@'%' IDENTIFIED BY $(text "$TEMPORAL_DB_PASSWORD");
GRANT ALL PRIVILEGES ON $(pattern temporal).* TO 'temporal'@'%';
GRANT ALL PRIVILEGES ON $(pattern temporal_visibility).* TO 'temporal'@'%';
SQL
