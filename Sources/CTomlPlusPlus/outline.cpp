#include "outline.h"

namespace ctoml {
namespace {

/// The length of the UTF-8 sequence at `at`, or 0 where it is none (overlong forms and surrogates included).
std::size_t sequence(const unsigned char *at, std::size_t left) noexcept {
  const unsigned char first = at[0];
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (length > left) return 0;
  for (std::size_t i = 1; i < length; i++) {
    if ((at[i] & 0xC0) != 0x80) return 0;
  }
  if (first == 0xE0 && at[1] < 0xA0) return 0;
  if (first == 0xED && at[1] > 0x9F) return 0;
  if (first == 0xF0 && at[1] < 0x90) return 0;
  if (first == 0xF4 && at[1] > 0x8F) return 0;
  return length;
}

/// What kind of text the scan is in. Up to the parser's first error this agrees with the parser; after it nobody looks.
enum class In { plain, comment, basic, literal, long_basic, long_literal };

class Scan {
 public:
  Scan(const char *text, std::size_t length) noexcept
      : text(reinterpret_cast<const unsigned char *>(text)), length(length) {}

  Outline run() noexcept {
    if (length > most_bytes) return fail("more than 1 MiB of text");
    // The parser skips a byte order mark without counting it.
    if (length >= 3 && text[0] == 0xEF && text[1] == 0xBB && text[2] == 0xBF) at = 3;
    while (at < length) {
      if (text[at] == 0) return fail("a NUL byte");
      const std::size_t width = sequence(text + at, length - at);
      if (width == 0) return fail("bytes that are not UTF-8");
      if (width > 1 && in == In::plain) return fail("a character outside ASCII that stands outside quotes");
      const std::size_t taken = width == 1 ? step(text[at]) : 1;
      if (brackets > most_brackets) return fail("brackets nested more than 32 deep");
      if (dots > most_dots) return fail("a key with more than 16 dots");
      if (width > 1) {
        at += width;
        column++;
        continue;
      }
      for (std::size_t i = 0; i < taken; i++, at++) {
        if (text[at] == '\n') {
          line++;
          column = 1;
        } else {
          column++;
        }
      }
    }
    return Outline{};
  }

 private:
  const unsigned char *text;
  std::size_t length;
  std::size_t at = 0;
  std::uint32_t line = 1, column = 1;
  In in = In::plain;
  unsigned brackets = 0, dots = 0;

  Outline fail(const char *problem) const noexcept { return Outline{problem, line, column}; }

  bool three(unsigned char quote) const noexcept {
    return length - at >= 3 && text[at + 1] == quote && text[at + 2] == quote;
  }

  /// Takes the ASCII byte at `at` (never NUL) and says how many bytes that takes.
  std::size_t step(unsigned char byte) noexcept {
    switch (in) {
      case In::plain: return plain(byte);
      case In::comment:
        if (byte == '\n') in = In::plain;
        return 1;
      case In::basic:
        // Only an escaped quote or backslash is passed over: a line end after a backslash ends the string's line.
        if (byte == '\\' && at + 1 < length && (text[at + 1] == '"' || text[at + 1] == '\\')) return 2;
        if (byte == '"' || byte == '\n') in = In::plain;
        return 1;
      case In::literal:
        if (byte == '\'' || byte == '\n') in = In::plain;
        return 1;
      case In::long_basic:
        if (byte == '\\' && at + 1 < length && (text[at + 1] == '"' || text[at + 1] == '\\')) return 2;
        return byte == '"' ? end_of_long('"') : 1;
      case In::long_literal: return byte == '\'' ? end_of_long('\'') : 1;
    }
    return 1;
  }

  std::size_t plain(unsigned char byte) noexcept {
    switch (byte) {
      case '#': in = In::comment; return 1;
      case '"':
      case '\'':
        if (three(byte)) {
          in = byte == '"' ? In::long_basic : In::long_literal;
          return 3;
        }
        in = byte == '"' ? In::basic : In::literal;
        return 1;
      case '.': dots++; return 1;
      case '[':
      case '{':
        brackets++;
        dots = 0;
        return 1;
      case ']':
      case '}':
        if (brackets > 0) brackets--;
        dots = 0;
        return 1;
      case ',':
      case '=':
      case '\n': dots = 0; return 1;
      default: return 1;
    }
  }

  /// Three quotes end a long string; up to two more before them belong to it.
  std::size_t end_of_long(unsigned char quote) noexcept {
    if (!three(quote)) return 1;
    in = In::plain;
    std::size_t taken = 3;
    while (taken < 5 && at + taken < length && text[at + taken] == quote) taken++;
    return taken;
  }
};

}  // namespace

Outline outline(const char *text, std::size_t length) noexcept { return Scan(text, length).run(); }

}  // namespace ctoml
