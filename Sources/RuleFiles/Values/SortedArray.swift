// SPDX-License-Identifier: Apache-2.0

extension Array {
    /// Returns where something is or belongs in a sorted array: behind all elements that come before it.
    func sortedIndex(behind isBefore: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = low + (high - low) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Inserts an element into a sorted array.
    mutating func insert(_ element: Element, sortedBy precedes: (Element, Element) -> Bool) {
        if let last, !precedes(last, element) {
            insert(element, at: sortedIndex { precedes($0, element) })
        } else {
            append(element)
        }
    }
}
