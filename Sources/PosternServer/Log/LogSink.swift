// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A bounded buffer between the service and a file descriptor that may block.
///
/// Writing to a pipe that is not read blocks, but only the sink's own thread. Lines that do not fit into the buffer are dropped
/// and counted.
package final class LogSink: Sendable {
    private struct State {
        var pending: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let descriptor: Int32
    private let capacity: Int

    /// - Parameters:
    ///   - descriptor: where to write; 1 is standard output
    ///   - capacity: the size of the buffer, in bytes
    package init(descriptor: Int32 = 1, capacity: Int = 4 << 20) {
        self.descriptor = descriptor
        self.capacity = capacity
        let queue = DispatchQueue(label: "postern.log", qos: .utility)
        queue.async { self.writeForever() }
    }

    /// Lines dropped since the start, because the buffer was full or the descriptor failed.
    package var droppedLines: Int {
        state.withLock { $0.dropped }
    }

    /// Adds one line, which ends in a newline, to the buffer. Never blocks on the descriptor.
    package func write(_ line: [UInt8]) {
        let wasEmpty = state.withLock { state in
            guard state.pending.count + line.count <= capacity else {
                state.dropped += 1
                return false
            }
            let wasEmpty = state.pending.isEmpty
            state.pending += line
            return wasEmpty
        }
        if wasEmpty { wake.signal() }
    }

    /// Waits until the buffer is written, at most `milliseconds`.
    package func flush(milliseconds: Int) {
        for _ in 0..<max(1, milliseconds / 5) {
            if state.withLock({ $0.pending.isEmpty && !$0.isWriting }) { return }
            usleep(5000)
        }
    }

    private func writeForever() {
        // The two buffers are swapped, so that nothing is allocated while the lock is held.
        var chunk: [UInt8] = []
        while true {
            wake.wait()
            // Batch for 5 ms: one write for many lines.
            usleep(5000)
            state.withLock { state in
                swap(&state.pending, &chunk)
                state.isWriting = true
            }
            writeAll(chunk)
            chunk.removeAll(keepingCapacity: true)
            state.withLock { $0.isWriting = false }
        }
    }

    private func writeAll(_ chunk: [UInt8]) {
        chunk.withUnsafeBytes { bytes in
            var offset = 0
            while offset < bytes.count {
                guard let start = bytes.baseAddress?.advanced(by: offset) else { return }
                let written = systemWrite(descriptor, start, bytes.count - offset)
                if written > 0 {
                    offset += written
                } else if errno == EAGAIN {
                    usleep(2000)
                } else if errno != EINTR {
                    // A closed pipe or a full disk: the lines are lost.
                    let lines = bytes[offset...].count { $0 == UInt8(ascii: "\n") }
                    state.withLock { $0.dropped += lines }
                    return
                }
            }
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ start: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, start, count)
}
