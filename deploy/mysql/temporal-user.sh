# Run by the MySQL image when it makes its data folder: a user of Temporal's own, who may make and fill its databases.
mysql --user=root --password="$MYSQL_ROOT_PASSWORD" <<SQL
CREATE USER IF NOT EXISTS 'temporal'@'%' IDENTIFIED BY '${TEMPORAL_DB_PASSWORD//\'/\'\'}';
GRANT ALL PRIVILEGES ON \`temporal\`.* TO 'temporal'@'%';
GRANT ALL PRIVILEGES ON \`temporal\_visibility\`.* TO 'temporal'@'%';
SQL
