// SPDX-License-Identifier: Apache-2.0

import UploadRules
import UserAuth
import WireFormats

// Requests that are aimed at what has changed.

extension ProbeMaker {
    /// Requests that may show that a change widens access, the likeliest first.
    func probes(for change: LeafChange, _ scope: Scope) -> [Probe] {
        aimed(at: change, scope) + plain(scope)
    }

    private func aimed(at change: LeafChange, _ scope: Scope) -> [Probe] {
        let added = (change.newValue?.elements ?? []).subtracting(change.oldValue?.elements ?? [])
            .compactMap(\.word).sorted().prefix(32)
        switch change.key.probe {
        case .plain: return []
        case .largestFile:
            return variants(scope) { probe, rule in
                probe.request.size = rule.sizes.upperBound
                var open = probe
                open.request.size = nil
                return [probe, open]
            }
        case .smallestFile:
            return variants(scope) { probe, rule in
                probe.request.size = rule.sizes.lowerBound
                var open = probe
                open.request.size = nil
                return [probe, open]
            }
        case .contentTypes: return variants(scope) { probe, rule in typeProbes(probe, rule) }
        case .metadata:
            return variants(scope) { probe, _ in
                added.map { name in
                    var probe = probe
                    probe.request.metadata = [(name, "x")]
                    return probe
                }
            }
        case .checksums:
            return variants(scope) { probe, _ in
                added.compactMap { ChecksumAlgorithm(rawValue: $0) }.map { algorithm in
                    var probe = probe
                    probe.request.checksum = Self.checksum(algorithm)
                    return probe
                }
            }
        case .parameters:
            return variants(scope) { probe, rule in
                (0..<3).map { place in
                    var probe = probe
                    probe.request.parameters = rule.parameters.map { parameter in
                        let values = Self.values(of: parameter.kind)
                        return (parameter.name, values[min(place, values.count - 1)])
                    }
                    return probe
                }
            }
        case .filenames:
            return variants(scope) { probe, _ in
                probe.request.filename = "Grüße \u{e9}\u{4e2d}.png"
                probe.request.path = "Größe/a.png"
                return [probe]
            }
        case .longPolicy:
            let names = (1...8).map { String(repeating: "x", count: $0 * 32) }
            return users(names, scope) + variants(scope) { probe, rule in longProbes(probe, rule) }
        case .origins:
            return plain(scope).prefix(8).flatMap { probe in
                added.map { origin in
                    var probe = probe
                    probe.origin = origin
                    return probe
                }
            }
        case .deniedUsers:
            let freed = (change.oldValue?.elements ?? []).subtracting(change.newValue?.elements ?? []).compactMap(\.word).sorted()
            return users(freed.prefix(32), scope)
        case .allowedUsers: return users(added, scope)
        case .issuedBefore:
            guard let instant = change.oldValue?.number else { return [] }
            var scope = scope
            scope.callers.removeAll { if case .apiKey = $0 { true } else { false } }
            let maker = at(Double(instant - 1))
            return scope.rules.prefix(16).flatMap { rule in
                scope.callers.compactMap { maker.base(rule, $0, isFriendly: false) }
            }
        case .scope:
            return tokens(scope) { issuer, _ in
                [{ claims in for claim in issuer.scopeClaims { claims.remove(claim) } }]
                    + (change.newValue?.word.map { scope in
                        [{ claims in claims.set(issuer.scopeClaims.first ?? ClaimPath("scope"), .text(scope)) }]
                    } ?? [])
            }
        case .claims:
            guard let name = change.path.split(separator: ".", maxSplits: 1).last.map(String.init) else { return [] }
            return tokens(scope) { issuer, _ in
                let required = issuer.requiredClaims.first { $0.name.hasSameBytes(as: name) }
                return [
                    { claims in
                        claims.remove(ClaimPath(name))
                        if let required { claims.add(ClaimPath(name), .raw(required.value.description)) }
                    }
                ]
            }
        case .noChecksum:
            return variants(scope) { probe, _ in
                probe.request.checksum = nil
                return [probe]
            }
        case .aliases: return aliasProbes(scope)
        case .audiences:
            return tokens(scope) { issuer, _ in
                let claim = ClaimPath(issuer.audienceClaim)
                return issuer.audiences.isEmpty
                    ? [{ $0.remove(claim) }] : added.map { audience in { $0.set(claim, .text(audience)) } }
            }
        case .parties:
            return tokens(scope) { issuer, _ in
                let claim = ClaimPath("azp")
                return issuer.authorizedParties.isEmpty
                    ? [{ $0.remove(claim) }] : added.map { party in { $0.set(claim, .text(party)) } }
            }
        case .algorithms:
            return plain(scope).flatMap { probe in
                added.compactMap { Algorithm(named: $0) }.map { algorithm in
                    guard case .token(let token) = probe.caller else { return probe }
                    var probe = probe
                    probe.caller = .token(.init(claims: token.claims, algorithm: algorithm, keys: token.keys))
                    return probe
                }
            }
        case .scopeClaims: return scopeProbes(change, scope)
        case .lifetime:
            return tokens(scope) { issuer, _ in [{ $0.set(ClaimPath("exp"), .number(Int(time) + issuer.maximumLifetime)) }] }
        case .clockSkew:
            guard let skew = change.oldValue?.number else { return [] }
            return tokens(scope) { issuer, _ in
                [
                    { claims in
                        claims.set(ClaimPath("exp"), .number(Int(time) - skew))
                        claims.set(ClaimPath("iat"), .number(Int(time) - skew - min(60, issuer.maximumLifetime)))
                    }
                ]
            }
        case .until, .keyExpiry:
            guard let end = change.oldValue?.number else { return [] }
            return at(Double(end)).plain(scope)
        case .keyRules:
            let rules = scope.rules.filter { rule in change.newValue == nil || added.contains { $0.hasSameBytes(as: rule.name) } }
            return plain(Scope(rules: rules, callers: scope.callers))
        }
    }

    private func variants(_ scope: Scope, _ make: (inout Probe, UploadRule) -> [Probe]) -> [Probe] {
        scope.rules.prefix(64).flatMap { rule in
            callers(of: rule, scope).prefix(8).flatMap { caller -> [Probe] in
                guard var probe = base(rule, caller, isFriendly: true) else { return [] }
                return make(&probe, rule)
            }
        }
    }

    private func tokens(_ scope: Scope, _ changes: (Issuer, ClaimTree) -> [(inout ClaimTree) -> Void]) -> [Probe] {
        scope.rules.prefix(16).flatMap { rule in
            callers(of: rule, scope).flatMap { caller -> [Probe] in
                guard case .issuer(let issuer, _) = caller, let probe = base(rule, caller, isFriendly: true),
                    case .token(let token) = probe.caller
                else { return [] }
                return changes(issuer, token.claims).map { probe.withClaims($0) }
            }
        }
    }

    private func users(_ users: some Collection<String>, _ scope: Scope) -> [Probe] {
        scope.rules.prefix(16).flatMap { rule in
            callers(of: rule, scope).flatMap { caller in
                users.compactMap { user -> Probe? in
                    guard var probe = base(rule, caller, isFriendly: true) else { return nil }
                    switch caller {
                    case .issuer(let issuer, _): return probe.withClaims { $0.set(issuer.userClaim, .text(user)) }
                    case .apiKey:
                        probe.request.user = user
                        return probe
                    }
                }
            }
        }
    }

    private func typeProbes(_ probe: Probe, _ rule: UploadRule) -> [Probe] {
        guard let before = old?.rule(named: rule.name) else { return [] }
        return ContentTypeList.moreSigned(by: rule.contentTypes, than: before.contentTypes).prefix(8).map { type, filename in
            var probe = probe
            probe.request.contentType = type
            probe.request.filename = filename
            return probe
        }
    }

    private func longProbes(_ probe: Probe, _ rule: UploadRule) -> [Probe] {
        stride(from: 0, through: 2000, by: 40).flatMap { length -> [Probe] in
            let text = String(repeating: "x", count: length)
            var (named, described) = (probe, probe)
            named.request.filename = text + ".png"
            guard let name = rule.storage.metadata.allowed.first, length > 0 else { return [named] }
            described.request.metadata = [(name, text)]
            return [named, described]
        }
    }

    private func aliasProbes(_ scope: Scope) -> [Probe] {
        scope.rules.prefix(16).flatMap { rule in
            scope.callers.flatMap { caller -> [Probe] in
                guard case .issuer(let issuer, true) = caller, let probe = base(rule, caller, isFriendly: true) else { return [] }
                return new.claimValues(for: issuer).prefix(64).compactMap { value in
                    let scopes = [rule.requireScope].compactMap(\.self)
                    let token = token(of: issuer, isServiceWide: true, scopes: scopes, claimValue: value)
                    var probe = probe
                    guard let token else { return nil }
                    probe.caller = .token(token)
                    return probe
                }
            }
        }
    }

    /// A scope in a claim that did not count, and a claim that was malformed and is no longer looked at.
    private func scopeProbes(_ change: LeafChange, _ scope: Scope) -> [Probe] {
        let (old, new) = (change.oldValue?.elements ?? [], change.newValue?.elements ?? [])
        return scope.rules.prefix(16).flatMap { rule in
            scope.callers.flatMap { caller -> [Probe] in
                guard case .issuer(let issuer, _) = caller, let probe = base(rule, caller, isFriendly: false) else { return [] }
                let counted = new.subtracting(old).compactMap(\.claimPath).map { path in
                    probe.withClaims { claims in
                        for other in issuer.scopeClaims { claims.remove(other) }
                        claims.set(path, .text(rule.requireScope ?? "x"))
                    }
                }
                let malformed = old.subtracting(new).compactMap(\.claimPath).map { path in
                    probe.withClaims { $0.set(path, .number(17)) }
                }
                return counted + malformed
            }
        }
    }
}

extension ComparedValue {
    fileprivate var claimPath: ClaimPath? {
        guard case .list(let names) = self, let first = names.first?.word else { return nil }
        return ClaimPath(first, names.dropFirst().compactMap(\.word))
    }
}

extension ContentTypeList {
    /// Requests for which a list signs something that another does not.
    static func moreSigned(by list: ContentTypeList, than other: ContentTypeList) -> [(type: String, filename: String?)] {
        decisiveRequests(list, other).filter { type, filename in
            guard let signed = list.signed(type, filename: filename) else { return false }
            guard let before = other.signed(type, filename: filename) else { return true }
            return signed != before
        }
    }
}
