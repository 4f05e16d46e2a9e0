// SPDX-License-Identifier: Apache-2.0

package import WireFormats

/// The content types that a rule allows.
package struct ContentTypeList: Sendable, Hashable {
    /// The patterns as the file lists them, but by their registered names, also for messages: `image/png`, `image/*`, `*/*`.
    package let patterns: [String]
    /// The endings that the rule itself gives to the pattern at the same place, which replace those of ``FileExtension``; empty if
    /// it gives none.
    private let declaredEndings: [[String]]
    /// `{ext}` of the pattern at the same place; empty for a family.
    private let usualEndings: [String]
    /// The place of `application/octet-stream`; -1 if the list does not name it.
    private let unknownPlace: Int

    /// Whether `{ext}` of some type depends on the file's name.
    package let hasSeveralEndings: Bool

    /// - Parameters:
    ///   - patterns: Each as ``parsePattern(_:)`` returns it. Another name of a type counts as the type.
    ///   - endings: Endings of the patterns of these names, each as ``parseEnding(_:of:)`` returns it.
    package init(patterns: [String], endings: [String: [String]] = [:]) {
        var names: [String] = []
        var declared: [[String]] = []
        for pattern in patterns {
            let name = MediaTypeNames.resolve(pattern).name
            let own = endings[pattern] ?? []
            if let place = names.firstIndex(of: name) {
                declared[place] += own.filter { !declared[place].contains($0) }
            } else {
                names.append(name)
                declared.append(own)
            }
        }
        self.patterns = names
        declaredEndings = declared
        usualEndings = zip(names, declared).map { name, own in
            own.first ?? (name.utf8.last == UInt8(ascii: "*") ? "" : FileExtension.of(contentType: name))
        }
        unknownPlace = names.firstIndex(of: MediaTypeNames.unknown) ?? -1
        hasSeveralEndings = declared.contains { $0.count > 1 }
    }
}

// MARK: What a request may upload

extension ContentTypeList {
    /// A type that the list allows.
    struct Match {
        /// What is signed.
        let type: MediaType
        /// `{ext}`; nil for the usual one of the type.
        let ending: String?
    }

    /// Finds the type to sign.
    ///
    /// A type that the list allows is signed, by its registered name. If the client does not know the type, or names one that
    /// systems are known to give in error, then the type is signed to which the file's ending belongs, if the list allows exactly
    /// one such type and browsers do not run it.
    ///
    /// - Parameters:
    ///   - text: The type that the client names; empty if it names none.
    ///   - filename: The file's name on the client.
    /// - Throws: `Refusal.contentTypeNotAllowed`
    func match(_ text: String, filename: String?) throws(Refusal) -> Match {
        guard let named = MediaType(text) else {
            if text.isEmpty { return try matchUnnamed(filename) }
            throw .contentTypeNotAllowed(.malformed, allowed: patterns)
        }
        if let place = patterns.firstIndex(of: named.essence), place != unknownPlace {
            return Match(type: named, ending: ending(at: place, filename))
        }
        return try matchOther(named, filename)
    }

    private func matchUnnamed(_ filename: String?) throws(Refusal) -> Match {
        let (found, hint) = type(ofFile: filename)
        guard let essence = found ?? (allows(MediaTypeNames.unknown) ? MediaTypeNames.unknown : nil) else {
            throw .contentTypeNotAllowed(.unnamed(hint), allowed: patterns)
        }
        return match(essence: essence, filename)
    }

    /// Matches a type that the list does not name, or that says nothing.
    private func matchOther(_ named: MediaType, _ filename: String?) throws(Refusal) -> Match {
        let (name, isScriptCapable) = MediaTypeNames.resolve(named.essence)
        var hint = Refusal.EndingHint.none
        if name == MediaTypeNames.unknown {
            let found = type(ofFile: filename)
            if let essence = found.type { return match(essence: essence, filename) }
            hint = found.hint
        }
        if let place = place(of: name) {
            return Match(type: named.renamed(patterns[place]), ending: ending(at: place, filename))
        }
        if hasFamily(of: name) {
            guard isScriptCapable else { return Match(type: named.renamed(name), ending: nil) }
            throw .contentTypeNotAllowed(.scriptCapable(MediaTypeName(named)), allowed: patterns)
        }
        if let filename, let ending = FileExtension.ofFile(named: filename), FileExtension.isOftenMistaken(name, for: ending) {
            let found = type(ofFile: filename)
            if let essence = found.type {
                let type = essence.utf8.starts(with: "text/".utf8) ? named.renamed(essence) : MediaType(essence: essence)
                return Match(type: type, ending: place(of: essence).map { self.ending(at: $0, filename) })
            }
            hint = found.hint
        }
        throw .contentTypeNotAllowed(.type(MediaTypeName(named), hint), allowed: patterns)
    }

    private func match(essence: String, _ filename: String?) -> Match {
        Match(type: MediaType(essence: essence), ending: place(of: essence).map { ending(at: $0, filename) })
    }

    /// Whether the list allows a type, by its registered name.
    private func allows(_ name: String) -> Bool {
        place(of: name) != nil || (hasFamily(of: name) && !MediaTypeNames.isScriptCapable(name))
    }

    /// Returns the place of the pattern that names this type, by its registered name or the other of two names in use.
    private func place(of name: String) -> Int? {
        patterns.firstIndex(of: name) ?? MediaTypeNames.twin(of: name).flatMap(patterns.firstIndex)
    }

    /// Whether the list has the family of a type: `type/*` or `*/*`.
    private func hasFamily(of name: String) -> Bool {
        patterns.contains { pattern in
            guard pattern.utf8.last == UInt8(ascii: "*") else { return false }
            return pattern == "*/*" || name.utf8.starts(with: pattern.utf8.dropLast())
        }
    }

    /// Returns `{ext}` of a file of the type at this place: the file's own ending if the rule gives it to the type.
    private func ending(at place: Int, _ filename: String?) -> String {
        let declared = declaredEndings[place]
        if declared.count > 1, let own = filename.flatMap(FileExtension.ofFile), declared.contains(own) { return own }
        return usualEndings[place]
    }

    /// Finds the type of a file by the ending of its name: the only one that the list allows for it, and that browsers do not run.
    ///
    /// - Returns: nil, and why, if there is not exactly one
    private func type(ofFile filename: String?) -> (type: String?, hint: Refusal.EndingHint) {
        guard let ending = filename.flatMap(FileExtension.ofFile) else { return (nil, .none) }
        var found: [String] = []
        // An ending that the rule itself gives to a type belongs to no other.
        if let place = declaredEndings.firstIndex(where: { $0.contains(ending) }) {
            found = [patterns[place]]
        } else {
            for type in FileExtension.types(of: ending) {
                if let place = place(of: type), declaredEndings[place].isEmpty {
                    if !found.contains(patterns[place]) { found.append(patterns[place]) }
                } else if hasFamily(of: type), !MediaTypeNames.isScriptCapable(type) {
                    found.append(type)
                }
            }
        }
        let harmless = found.filter { !MediaTypeNames.isScriptCapable($0) }
        if harmless.count == 1 { return (harmless[0], .none) }
        if harmless.isEmpty { return (nil, found.first.map { .scriptCapable(ending: ending, type: $0) } ?? .none) }
        return (nil, .several(ending: ending, types: harmless))
    }
}

// MARK: For comparisons

extension ContentTypeList {
    /// The type that is signed for a request, and the `{ext}` of its key; nil if the list refuses the request.
    package func signed(_ text: String, filename: String?) -> (type: String, ending: String)? {
        guard let match = try? match(text, filename: filename) else { return nil }
        return (match.type.value, match.ending ?? FileExtension.of(contentType: match.type.essence))
    }

    /// Requests that are enough to compare two lists: where the first signs the same type with the same ending as the second for each
    /// of them, or refuses it, it does so for every request.
    ///
    /// A list decides by the named type and by the ending of the file's name. It tells apart the types and endings that it has itself,
    /// those of the tables, and for all others only the family. The ending matters where no type is named, where the named one is often
    /// given in error, and where the rule gives a type several endings.
    package static func decisiveRequests(_ first: ContentTypeList, _ second: ContentTypeList) -> [(
        type: String, filename: String?
    )] {
        let patterns = first.patterns + second.patterns
        var types: [String] = []
        var endings: Set<String> = []
        for pattern in patterns {
            guard pattern.utf8.last == UInt8(ascii: "*") else {
                types += [pattern] + (MediaTypeNames.twin(of: pattern).map { [$0] } ?? [])
                continue
            }
            types.append(pattern == "*/*" ? "x-example/x-example" : "\(pattern.dropLast())x-example")
        }
        let declared = (first.declaredEndings + second.declaredEndings).flatMap(\.self)
        endings.formUnion(declared)
        endings.formUnion(FileExtension.allEndings)
        var requests: [(type: String, filename: String?)] = types.map { ($0, nil) }
        for type in types { requests += Set(declared).sorted().map { (type, "a.\($0)") } }
        requests += MediaTypeNames.all.map { ($0, nil) } + FileExtension.allTypes.map { ($0, nil) }
        for type in ["", MediaTypeNames.unknown] {
            requests.append((type, nil))
            requests += endings.sorted().map { (type, "a.\($0)") }
        }
        for (ending, mistaken) in FileExtension.mistakes.sorted(by: { $0.key < $1.key }) {
            requests += mistaken.split(separator: " ").map { (String($0), "a.\(ending)") }
        }
        return requests
    }
}

// MARK: For pages

extension ContentTypeList {
    /// The value of `<input accept>`, item by item: the patterns, and the endings of their types with a dot, which browsers need
    /// for types that the user's system does not know. Only `*/*` if the list has it.
    package var accept: [String] {
        if patterns.contains("*/*") { return ["*/*"] }
        var endings: [String] = []
        for (pattern, declared) in zip(patterns, declaredEndings) {
            var own = declared
            if own.isEmpty {
                own =
                    pattern.utf8.last == UInt8(ascii: "*")
                    ? FileExtension.all(ofFamily: String(pattern.dropLast())) : FileExtension.all(of: pattern)
            }
            for ending in own where !endings.contains(ending) { endings.append(ending) }
        }
        return patterns + endings.map { "." + $0 }
    }

    /// The endings of files of one type, without a dot, the usual one first; none if they are not known, and none for
    /// `application/octet-stream`, which files of every type can have, unless the rule gives it endings.
    /// - Parameter type: one that the list allows, with or without parameters
    package func endings(of type: String) -> [String] {
        let essence = MediaType(type)?.essence ?? type
        if let place = place(of: essence), !declaredEndings[place].isEmpty { return declaredEndings[place] }
        return essence == MediaTypeNames.unknown ? [] : FileExtension.all(of: essence)
    }

    /// The type, if the list is of exactly one.
    package var onlyType: String? {
        guard patterns.count == 1, let type = patterns.first, type.utf8.last != UInt8(ascii: "*") else { return nil }
        return type
    }

    /// A type that the list allows, for an example, and an ending of its files: a text if it can be one, or else the first type.
    package var example: (type: String, ending: String) {
        if allows("text/plain") { return ("text/plain", "txt") }
        let first = patterns.first ?? MediaTypeNames.unknown
        guard first.utf8.last == UInt8(ascii: "*") else { return (first, usualEndings.first ?? "bin") }
        let family = String(first.dropLast())
        for ending in FileExtension.all(ofFamily: family) {
            if let type = FileExtension.types(of: ending).first(where: { $0.utf8.starts(with: family.utf8) }) {
                return (type, ending)
            }
        }
        return ("\(family)x-example", "bin")
    }
}

// MARK: Parsing

extension ContentTypeList {
    /// Checks an entry of a rule's list: a type in lower case, `type/*` or `*/*`.
    package static func parsePattern(_ text: String) throws(ValueError) -> String {
        if text == "*/*" { return text }
        let advice = "write type/subtype: image/png, or image/* for all images but SVG"
        if text.utf8.contains(UInt8(ascii: ";")) {
            throw ValueError("\(text.quoted) has parameters", "write the type alone, without “;”")
        }
        let isFamily = text.utf8.suffix(2).elementsEqual("/*".utf8)
        guard let type = MediaType(isFamily ? text.dropLast() + "x" : text) else {
            throw ValueError("\(text.quoted) is not a content type", advice)
        }
        guard !text.utf8.contains(where: \.isASCIIUppercase) else {
            throw ValueError("\(text.quoted) is not in lower case", "write \(isFamily ? text.lowercased() : type.essence)")
        }
        guard isFamily || type.essence.hasSameBytes(as: text) else {
            throw ValueError("\(text.quoted) has a blank at its end", "write \(type.essence)")
        }
        return text
    }

    /// Returns the registered name of the type that the pattern is another name of; nil if it is none.
    package static func registeredName(of pattern: String) -> String? {
        let name = MediaTypeNames.resolve(pattern).name
        return name == pattern ? nil : name
    }

    /// Checks an ending that a rule gives to a type: 1 to 10 of `a-z` and `0-9`. Endings of files that browsers or servers run
    /// are only for types that browsers run.
    ///
    /// - Parameter pattern: The type, as ``parsePattern(_:)`` returns it.
    package static func parseEnding(_ text: String, of pattern: String) throws(ValueError) -> String {
        if text.utf8.first == UInt8(ascii: "."), FileExtension.isEnding(String(text.dropFirst())) {
            throw ValueError("\(text.quoted) begins with a dot", "write \(text.dropFirst())")
        }
        guard FileExtension.isEnding(text) else {
            let lowercased = String(decoding: text.utf8.map(\.asciiLowercased), as: UTF8.self)
            throw ValueError(
                "\(text.quoted) is not an ending of file names",
                FileExtension.isEnding(lowercased) ? "write \(lowercased)" : "write 1 to 10 of a-z and 0-9: dcm")
        }
        guard !FileExtension.isRun(text) || MediaTypeNames.isScriptCapable(pattern) else {
            throw ValueError(
                "\(text.quoted) is an ending of files that browsers or servers run, which \(pattern) is not",
                "remove it")
        }
        return text
    }
}
