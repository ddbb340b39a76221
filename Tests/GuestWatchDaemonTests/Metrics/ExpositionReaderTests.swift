import Testing

/// The reader that the other tests rely on finds what is wrong.
@Suite("The exposition format's reader")
struct ExpositionReaderTests {
  @Test("It reads what is right")
  func good() throws {
    let read = try ExpositionReader(
      """
      # HELP a_total All of it.
      # TYPE a_total counter
      a_total{x="1",y="a\\"b\\\\c\\nd"} 3
      a_total 4
      # HELP h Long.
      # TYPE h histogram
      h_bucket{le="0.5"} 1
      h_bucket{le="+Inf"} 2
      h_sum 1.25
      h_count 2

      """)
    #expect(read.families.map(\.name) == ["a_total", "h"])
    #expect(read["a_total", ["x": "1", "y": "a\"b\\c\nd"]] == 3)
    #expect(read["a_total", [:]] == 4)
    #expect(read["h_sum", [:]] == 1.25)
  }

  @Test(
    "It refuses what is wrong",
    arguments: [
      "", "a 1\n", "# HELP a A.\n# TYPE a gauge\na 1", "# HELP a A.\na 1\n", "# TYPE a gauge\na 1\n",
      "# HELP a A.\n# TYPE b gauge\n", "# HELP a A.\n# TYPE a gauge\nb 1\n", "# HELP a A.\n# TYPE a gauge\na 1\na 2\n",
      "# HELP a A.\n# TYPE a gauge\na 1 17\n", "# HELP a A.\n# TYPE a gauge\n\na 1\n",
      "# HELP a A.\n# TYPE a counter\na 1\n", "# HELP a_total A.\n# TYPE a_total gauge\n",
      "# HELP a_total A.\n# TYPE a_total counter\na_total -1\n", "# HELP a A.\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n",
      "# HELP a A.\n# TYPE a gauge\na{x=\"\\t\"} 1\n", "# HELP a A.\n# TYPE a gauge\na{x=\"1} 1\n",
      "# HELP a A.\n# TYPE a gauge\na{1x=\"1\"} 1\n", "# HELP a A.\n# TYPE a gauge\na{x=1} 1\n",
      "# HELP a A.\n# TYPE a gauge\na one\n", "# HELP a A.\n# TYPE a gauge\n# HELP a A.\n# TYPE a gauge\n",
      "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
      "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
      "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
      "# HELP h H.\n# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 1\n",
      "# HELP h H.\n# TYPE h histogram\nh_sum 1\nh_count 1\n",
    ])
  func bad(text: String) {
    #expect(throws: ExpositionReader.Mistake.self) { try ExpositionReader(text) }
  }
}
