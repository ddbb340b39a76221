#include <sqlite3.h>

// What Swift cannot import: SQLITE_TRANSIENT is a cast in a macro, sqlite3_db_config is variadic.

// Binds a copy of the bytes as text; `length` is in bytes, so that a NUL inside is kept.
static inline int guestwatch_bind_text(sqlite3_stmt *statement, int place, const char *bytes, int length) {
  return sqlite3_bind_text(statement, place, bytes, length, SQLITE_TRANSIENT);
}

// Binds a copy of the bytes as a blob.
static inline int guestwatch_bind_blob(sqlite3_stmt *statement, int place, const void *bytes, int length) {
  return sqlite3_bind_blob(statement, place, bytes, length, SQLITE_TRANSIENT);
}

// Whether closing the last connection moves the write-ahead log into the database file.
static inline int guestwatch_checkpoint_on_close(sqlite3 *database, int on) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, (int *)0);
}

// Refuses the statements that can corrupt a database file on purpose (writable_schema and the like).
static inline int guestwatch_defend(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
