# Run by the MySQL image when it makes its data folder: the ferry's database and user, and a user of Temporal's own, who
# may make and fill its databases. Passwords and names may hold any character.

text() {
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\'\'}"
}

name() {
  printf '`%s`' "${1//\`/\`\`}"
}

# In a grant "_" and "%" stand for others, unless a backslash is before them.
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
