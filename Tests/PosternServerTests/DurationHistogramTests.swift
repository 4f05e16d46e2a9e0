// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import PosternServer

struct DurationHistogramTests {
    @Test func `a duration is in the first bucket whose bound it does not exceed`() {
        var histogram = DurationHistogram()
        for bound in DurationHistogram.requestBounds { histogram.record(bound) }
        #expect(histogram.buckets == Array(repeating: 1, count: DurationHistogram.requestBounds.count) + [0])
        histogram.record(0)
        histogram.record(5.001)
        #expect(histogram.buckets.first == 2 && histogram.buckets.last == 1)
        #expect(histogram.count == DurationHistogram.requestBounds.count + 2)
    }

    @Test func `histograms add up`() {
        var (first, second) = (DurationHistogram(), DurationHistogram())
        first.record(0.5)
        second.record(0.25)
        second.record(100)
        first.add(second)
        #expect(first.count == 3 && first.sum == 100.75)
        #expect(first.buckets.suffix(4) == [1, 1, 0, 1])
    }
}
