/// TOML 1.0 through toml++ with the place of every key and value.
///
/// Any bytes may be given: what cannot be read is a problem with its place, never a crash or an exception. Limits that
/// keep the work small: 1 MiB of text, 32 brackets deep, 16 dots in a key.

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CTOML_IN_SWIFT(name) __attribute__((swift_name(#name)))

/// What a node is. A date and time without an offset names no instant and has a kind of its own.
typedef enum __attribute__((enum_extensibility(closed))) ctoml_kind : uint32_t {
  CTOML_TABLE CTOML_IN_SWIFT(table),
  CTOML_ARRAY CTOML_IN_SWIFT(array),
  CTOML_STRING CTOML_IN_SWIFT(string),
  CTOML_INTEGER CTOML_IN_SWIFT(integer),
  CTOML_FLOAT CTOML_IN_SWIFT(floating),
  CTOML_BOOLEAN CTOML_IN_SWIFT(boolean),
  CTOML_DATE CTOML_IN_SWIFT(date),
  CTOML_TIME CTOML_IN_SWIFT(time),
  CTOML_LOCAL_DATE_TIME CTOML_IN_SWIFT(localDateTime),
  CTOML_OFFSET_DATE_TIME CTOML_IN_SWIFT(offsetDateTime),
} ctoml_kind;

#undef CTOML_IN_SWIFT

/// Where something stands, counted from 1; a column is one Unicode scalar.
typedef struct ctoml_place {
  uint32_t line;
  uint32_t column;
} ctoml_place;

/// The fields of a date or time; those that the kind lacks are 0.
typedef struct ctoml_moment {
  int32_t year, month, day;
  int32_t hour, minute, second;
  int32_t nanosecond;
  int32_t offset_minutes;
} ctoml_moment;

/// One key with its value, or one element of an array, or the root.
typedef struct ctoml_node {
  ctoml_kind kind;
  /// How many nodes below this one are its own; they follow it, each with all that is below it.
  uint32_t children;
  /// The bytes of the key, UTF-8, not terminated; NULL for the root and in arrays.
  const char *key;
  size_t key_length;
  ctoml_place key_place;
  ctoml_place place;
  /// The bytes of a string, UTF-8, not terminated; may hold NUL.
  const char *string;
  size_t string_length;
  int64_t integer;
  double floating;
  bool boolean;
  ctoml_moment moment;
} ctoml_node;

/// What was read. Owns everything that its nodes point to.
typedef struct ctoml_document ctoml_document;

/// Reads `length` bytes. NULL only where memory ran out.
ctoml_document *ctoml_read(const char *text, size_t length);

/// Releases a document; NULL is allowed.
void ctoml_release(ctoml_document *document);

/// What is wrong, in English, not terminated by NUL but by `length`; NULL where the text is good. It may quote the
/// text, and so a secret.
const char *ctoml_problem(const ctoml_document *document, size_t *length, ctoml_place *place);

/// All nodes in document order, the root first; NULL and 0 where there is a problem.
const ctoml_node *ctoml_nodes(const ctoml_document *document, size_t *count);

#ifdef __cplusplus
}
#endif
