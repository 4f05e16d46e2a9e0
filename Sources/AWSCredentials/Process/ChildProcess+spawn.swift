// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ChildProcess {
    /// Why a program was not started.
    struct SpawnRefusal: Error {
        let reason: String
    }

    /// Starts the program with a pipe as its standard output.
    func spawn(output: Int32) -> Result<pid_t, SpawnRefusal> {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }

        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // Sockets of requests and logs are none of its business.
        #if canImport(Darwin)
            let isolation = POSIX_SPAWN_CLOEXEC_DEFAULT
        #else
            let isolation: Int32 = 0
            Self.closeAll(&actions)
        #endif
        let flags = isolation | POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setpgroup(&attributes, 0)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        guard let program = words.first else { return .failure(SpawnRefusal(reason: "no program is named")) }
        var child: pid_t = 0
        let code = Self.withCStrings(words) { arguments in
            Self.withCStrings(variables.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawnp(&child, program, &actions, &attributes, arguments, environment)
            }
        }
        return code == 0 ? .success(child) : .failure(SpawnRefusal(reason: Self.reason(code)))
    }

    #if !canImport(Darwin)
        private typealias AddCloseFrom = @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

        /// Closes every descriptor from 3 on. glibc has a call for it since 2.34, which its module for Swift does not show.
        private static func closeAll(_ actions: inout posix_spawn_file_actions_t) {
            if let symbol = dlsym(nil, "posix_spawn_file_actions_addclosefrom_np") {
                _ = unsafeBitCast(symbol, to: AddCloseFrom.self)(&actions, 3)
            } else {
                // One that is not open is left out when it is closed.
                for descriptor: Int32 in 3..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
            }
        }
    #endif

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT: "there is no such program in PATH"
        case EACCES: "the program may not be run by the account that Postern runs as"
        case ENOEXEC: "it is no program: does its first line begin with #! ?"
        case EAGAIN, ENOMEM: "the system has no room for another process"
        default: "error \(code)"
        }
    }

    /// Hands out C strings with a null pointer behind them for the time of a call.
    private static func withCStrings<Result>(
        _ strings: [String], _ use: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(UnsafeMutableRawPointer(pointer)) } }
        return use(pointers + [nil])
    }
}
