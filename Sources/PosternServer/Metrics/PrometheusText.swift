// SPDX-License-Identifier: Apache-2.0

/// A page in Prometheus's text exposition format, version 0.0.4.
struct PrometheusText {
    typealias Labels = [(name: String, value: String)]

    enum MetricType: String {
        case counter, gauge, histogram
    }

    /// Writes the samples of one metric.
    struct Samples {
        fileprivate let metric: String
        fileprivate var text = ""

        /// - Parameter suffix: appended to the metric's name, such as `_bucket` of a histogram
        mutating func add(_ labels: Labels = [], suffix: String = "", _ value: some CustomStringConvertible) {
            text += metric + suffix
            if !labels.isEmpty {
                text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
            }
            text += " \(value)\n"
        }

        /// Adds the samples of one histogram.
        mutating func add(_ labels: Labels = [], _ histogram: DurationHistogram) {
            var cumulative = 0
            for (bucket, bound) in zip(histogram.buckets, histogram.bounds) {
                cumulative += bucket
                add(labels + [("le", String(bound))], suffix: "_bucket", cumulative)
            }
            add(labels + [("le", "+Inf")], suffix: "_bucket", histogram.count)
            add(labels, suffix: "_sum", histogram.sum)
            add(labels, suffix: "_count", histogram.count)
        }

        private static func escaped(_ value: String) -> String {
            var escaped = ""
            for scalar in value.unicodeScalars {
                switch scalar {
                case "\\": escaped += "\\\\"
                case "\"": escaped += "\\\""
                case "\n": escaped += "\\n"
                default: escaped.unicodeScalars.append(scalar)
                }
            }
            return escaped
        }
    }

    private(set) var text = ""

    /// Adds a metric with its samples.
    mutating func add(_ metric: String, _ type: MetricType, help: String, _ write: (inout Samples) -> Void) {
        var samples = Samples(metric: metric)
        write(&samples)
        text += "# HELP \(metric) \(help)\n# TYPE \(metric) \(type.rawValue)\n" + samples.text
    }

    /// Adds a metric with one sample, without labels.
    mutating func addValue(_ metric: String, _ type: MetricType, help: String, value: some CustomStringConvertible) {
        add(metric, type, help: help) { $0.add([], value) }
    }
}
