#pragma once

#include <cstddef>
#include <cstdint>

namespace ctoml {

/// What makes a text unfit for the parser, with its place; `problem` is null where nothing does.
struct Outline {
  const char *problem = nullptr;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
};

/// The most bytes of one text: a rule takes about 300, so this is some thousands of rules.
constexpr std::size_t most_bytes = 1 << 20;
/// The most brackets open at once, and dots in one key. The parser recurses over both and has no limit of its own for
/// dots; real rules need 3 and 2.
constexpr unsigned most_brackets = 32;
constexpr unsigned most_dots = 16;

/// Looks over the whole text before the parser sees it: UTF-8, NUL, size, nesting.
Outline outline(const char *text, std::size_t length) noexcept;

}  // namespace ctoml
