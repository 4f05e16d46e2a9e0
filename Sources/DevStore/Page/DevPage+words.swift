// SPDX-License-Identifier: Apache-2.0

extension DevPage {
    /// The script's first half: numbers and refusals in plain words. No element of the page is touched here.
    static let words = #"""
        "use strict";

        function sizeText(bytes) {
          if (bytes < 1024) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
          let unit = -1, value = bytes;
          do { value /= 1024; unit += 1; } while (value >= 1024 && unit < 3);
          return `${Number(value.toFixed(value < 10 ? 1 : 0))} ${["KiB", "MiB", "GiB", "TiB"][unit]}`;
        }

        // Two sizes that look alike when rounded are told apart by their bytes.
        function sizePair(actual, limit) {
          const texts = [sizeText(actual), sizeText(limit)];
          return texts[0] === texts[1] ? [actual, limit].map((n) => `${n.toLocaleString("en")} bytes`) : texts;
        }

        function listText(values) {
          return values.length < 2 ? values.join("") : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
        }

        function timeText(seconds) {
          const whole = Math.max(0, Math.ceil(seconds));
          if (whole >= 3600) return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
          return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
        }

        function typeOf(file) { return file.type || "application/octet-stream"; }

        function typeMatches(type, allowed) {
          return allowed.some((a) => a === type || (a.endsWith("/*") && type.startsWith(a.slice(0, -1)) && type !== "image/svg+xml"));
        }

        // What Postern will say to this file, as far as the rule tells.
        function forecast(rule, file) {
          if (!rule || !file) return "";
          const type = typeOf(file);
          if (!typeMatches(type, rule.contentTypes)) return `Postern will refuse this: ${type} is not among the rule’s types. Try it.`;
          if (file.size > rule.maxSize) return `Postern will refuse this: ${sizePair(file.size, rule.maxSize).join(" is more than the rule’s ")}. Try it.`;
          if (file.size < (rule.minSize ?? 0)) return `Postern will refuse this: the rule wants at least ${sizeText(rule.minSize)}. Try it.`;
          return "";
        }

        // A refusal of Postern's: problem+json (RFC 9457) with a stable code.
        function explainProblem(status, problem, file, rule, retryAfter) {
          const code = problem.code ?? "";
          const max = problem.maxSize ?? rule?.maxSize, min = problem.minSize ?? rule?.minSize;
          const allowed = problem.allowed ?? rule?.contentTypes ?? [];
          const words = {
            "size-too-large": () => ["This file is too large.", max === undefined ? "" : `It has ${sizePair(file.size, max)[0]}; the rule “${rule?.name}” takes at most ${sizePair(file.size, max)[1]}.`],
            "size-too-small": () => ["This file is too small.", min === undefined ? "" : `It has ${sizeText(file.size)}; the rule “${rule?.name}” wants at least ${sizeText(min)}.`],
            "content-type-not-allowed": () => ["This type of file is not allowed here.", `You chose ${file.type ? `a file of type ${file.type}` : "a file whose type the browser does not know"}; the rule “${rule?.name}” takes ${listText(allowed)}.`],
            "unauthenticated": () => ["Postern does not accept this page’s token any more.", "Tokens end, and each start of postern dev makes a new one. Load this page again."],
            "rate-limited": () => ["Too many tickets in a short time.", retryAfter ? `Try again in ${retryAfter} seconds.` : "Try again in a moment."],
            "rule-unknown": () => ["This rule is gone.", "The rule file was changed. Load this page again."],
            "checksum-required": () => ["This rule wants a checksum.", "The browser could not compute one for this file."],
            "credentials-unavailable": () => ["Postern has no credentials for the store just now.", "Nobody gets a ticket until they are back."],
          }[code];
          const [title, text] = words ? words() : ["Postern refused the ticket.", ""];
          return { title, text: text || problem.detail || problem.title || `It answered ${status}.`, by: "Refused by Postern, before a ticket was signed. No byte of the file was sent.", status, code };
        }

        // A refusal of the store's: S3's XML.
        function explainStoreError(status, error, ticket) {
          const proposed = Number(error.ProposedSize), message = error.Message ?? "";
          const [title, text] = (() => {
            switch (error.Code) {
            case "EntityTooLarge": return ["The file is larger than the ticket allows.", `The ticket is for at most ${Number(error.MaxSizeAllowed ?? ticket.maxSize).toLocaleString("en")} bytes. The store stopped reading${proposed ? ` at ${proposed.toLocaleString("en")}` : ""} and kept nothing.`];
            case "EntityTooSmall": return ["The file is smaller than the ticket allows.", `The ticket is for at least ${Number(error.MinSizeAllowed ?? ticket.minSize).toLocaleString("en")} bytes. The store kept nothing.`];
            case "SignatureDoesNotMatch": return ["The signature is not the policy’s.", "Signature or policy were changed after Postern signed."];
            case "InvalidPolicyDocument": return ["The policy cannot be read.", "It was changed after Postern signed."];
            case "InvalidAccessKeyId": return ["The store does not know who signed this.", "The ticket is from another postern dev, perhaps an earlier one. Take a new ticket."];
            case "ExpiredToken": return ["The signer’s credentials have ended.", "Take a new ticket."];
            case "BadDigest": case "XAmzContentChecksumMismatch": return ["The file arrived changed.", "Its SHA-256 is not the one that the ticket names."];
            case "NoSuchBucket": return ["The store has no such bucket.", "The rule file and the store do not name the same bucket."];
            case "AccessDenied":
              if (/expired/i.test(message)) return ["The ticket has expired.", "A ticket is good for a short time only. Take a new one."];
              if (/extra input/i.test(message)) return ["The form has a field that the ticket does not know.", `The store named it: ${message}`];
              if (/content-type/i.test(message)) return ["The file’s type is not the one that was signed.", `The ticket is for ${ticket.fields["Content-Type"]} only.`];
              if (/"\$?key"/i.test(message)) return ["The file would not land where the ticket says.", `The ticket is for the key ${ticket.key} only.`];
              return ["What was sent is not what the ticket is for.", message];
            default: return ["The store refused the upload.", message || `It answered ${status}.`];
            }
          })();
          return { title, text, by: "Refused by the store: it holds every upload to what Postern signed, whatever the page does.", status, code: error.Code ?? "" };
        }

        // Single quotes for a POSIX shell.
        function shellQuoted(text) { return `'${text.replaceAll("'", `'\\''`)}'`; }

        // Both commands work as they stand: the second makes curl options of the ticket's fields, and the file comes last.
        function curlCommands(settings, rule, file) {
          const types = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/gif": "gif", "application/pdf": "pdf", "text/plain": "txt" };
          const type = file ? typeOf(file) : (rule?.contentTypes ?? []).find((t) => types[t]) ?? "image/png";
          const name = file ? file.name : `example.${types[type] ?? "bin"}`;
          let body = shellQuoted(JSON.stringify({ rule: rule?.name, filename: name, contentType: type }));
          if (rule?.checksum === "required") {
            const sum = `"$(openssl dgst -sha256 -binary ${shellQuoted(name)} | base64)"`;
            body = `${body.slice(0, -2)},"checksumSHA256":"'${sum}'"}'`;
          }
          const ticket = [
            `curl -sS -o ticket.json ${settings.api}/v1/tickets \\`,
            `  -H ${shellQuoted(`Authorization: Bearer ${settings.token}`)} \\`,
            `  -H 'Content-Type: application/json' \\`,
            `  -d ${body} && cat ticket.json`,
          ];
          const upload = [
            `sed -E 's/.*"fields":\\{(("([^"\\\\]|\\\\.)*"[:,]?)*)\\}.*/\\1/' ticket.json |`,
            `  grep -oE '"([^"\\\\]|\\\\.)*":"([^"\\\\]|\\\\.)*"' | sed -E 's/^"(.*)":"(.*)"$/form-string = "\\1=\\2"/' |`,
            `  curl -sS -i -K - -F ${shellQuoted(`file=@"${name.replace(/[\\"]/g, "\\$&")}"`)} ${settings.store}`,
          ];
          return [ticket.join("\n"), upload.join("\n")];
        }

        """#
}
