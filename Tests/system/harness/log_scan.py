"""What no log of a session may show, however little it was asked to log: secrets, tokens, policies, signatures, control bytes."""

import pathlib
import re

from . import canaries

# A JWT's header and a policy both begin with {" in base64.
ENCODED_JSON = re.compile(r"eyJ[A-Za-z0-9_/+-]{16,}")
API_KEY = re.compile(r"pstn\.[a-z0-9-]+\.[a-z0-9-]+\.[A-Za-z0-9_-]{20,}")
# A refusal may tell a client the name of a member that it sent, 40 bytes of it: what is longer came from elsewhere.
LONG_ENCODED_JSON = re.compile(r"eyJ[A-Za-z0-9_/+-]{60,}")
HEX_64 = re.compile(r"\b[0-9a-f]{64}\b")
BEARER = re.compile(r"[Bb]earer +[A-Za-z0-9_.-]{12,}")


def log_files(logs: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in logs.rglob("*.log") if path.stat().st_size)


def check(logs: pathlib.Path):
    """Fails by an assertion that names the file, for the first secret or control byte in the logs."""
    secrets = canaries.known()
    # Long ones are looked up by the words of the log: a look for each of many thousand signatures would take hours.
    signatures = {text for text in secrets if re.fullmatch(r"[0-9a-f]{64}", text)}
    others = [text for text in secrets if not re.fullmatch(r"[0-9a-f]{64}|eyJ.*", text, re.S)]
    v2 = {text for text in others if re.fullmatch(r"[A-Za-z0-9+/]{27}=", text)}
    plain = [text for text in others if text not in v2]
    # Thousands are made by the fakes, and all of those begin alike.
    marked = [text for text in plain if text.startswith("canary-")]
    plain = [text for text in plain if not text.startswith("canary-")]
    for path in log_files(logs):
        data = path.read_bytes()
        control = re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data)
        assert not control, (path.name, data[max(0, control.start() - 80):control.end() + 20])
        text = data.decode(errors="replace")
        for pattern in (LONG_ENCODED_JSON if path.name.endswith(".answers.log") else ENCODED_JSON, API_KEY, BEARER):
            found = pattern.search(text)
            assert not found, (path.name, text[max(0, found.start() - 200):found.end() + 20])
        assert not signatures & set(HEX_64.findall(text)), path.name
        assert not v2 & set(re.findall(r"[A-Za-z0-9+/]{27}=", text)), path.name
        for secret in plain + (marked if "canary-" in text else []):
            assert secret not in text, (path.name, secret[:12])
