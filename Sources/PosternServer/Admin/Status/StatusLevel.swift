// SPDX-License-Identifier: Apache-2.0

import WireFormats

/// How much something is an operator's business.
enum StatusLevel: String, Sendable, CaseIterable {
    case ok
    /// It will be a fault if nobody does anything, or has been one.
    case warning
    /// Requests are refused because of it, or soon will be, or a change is not in force.
    case fault

    /// Of something that ends.
    /// - Parameters:
    ///   - remaining: seconds until its end
    ///   - notice: how long before the end it is a warning; in the last quarter of that it is a fault
    init(remaining: Double, notice: Double) {
        self = remaining > notice ? .ok : remaining > notice / 4 ? .warning : .fault
    }
}

/// The first elements of each level out of any number, so that faults are listed however much else there is.
struct LevelledList<Element> {
    let limit: Int
    private(set) var count = 0
    private var faults: [Element] = []
    private var warnings: [Element] = []
    private var others: [Element] = []

    /// - Parameter limit: how many elements are listed
    init(limit: Int) {
        self.limit = limit
    }

    mutating func add(_ level: StatusLevel, _ element: @autoclosure () -> Element) {
        count += 1
        switch level {
        case .fault: if faults.count < limit { faults.append(element()) }
        case .warning: if warnings.count < limit { warnings.append(element()) }
        case .ok: if others.count < limit { others.append(element()) }
        }
    }

    /// Faults first, then warnings.
    var listed: [(level: StatusLevel, element: Element)] {
        let all: [(level: StatusLevel, elements: [Element])] = [(.fault, faults), (.warning, warnings), (.ok, others)]
        return Array(all.flatMap { part in part.elements.map { (level: part.level, element: $0) } }.prefix(limit))
    }
}

/// What needs an operator's attention, in sentences: the first of each level, and how many there are.
struct Attention {
    /// The part of the page with the details.
    enum Section: String {
        case decisions
        case heldBack = "held-back"
        case keys
        case credentials
        case ends
        case reloads
    }

    struct Item {
        let text: String
        let section: Section?
    }

    private(set) var faults = 0
    private(set) var warnings = 0
    private var items = LevelledList<Item>(limit: 20)

    /// - Parameter section: nil if the text says it all
    mutating func add(_ level: StatusLevel, _ text: @autoclosure () -> String, _ section: Section?) {
        switch level {
        case .fault: faults += 1
        case .warning: warnings += 1
        case .ok: return
        }
        items.add(level, Item(text: text().printable(limit: 500), section: section))
    }

    func write(to json: inout JSONWriter) {
        json.object("attention") { json in
            json.member("faults", faults)
            json.member("warnings", warnings)
            json.array("items", of: items.listed) { json, item in
                json.object { json in
                    json.member("level", item.level.rawValue)
                    json.member("text", item.element.text)
                    json.member("section", item.element.section?.rawValue)
                }
            }
        }
    }
}
