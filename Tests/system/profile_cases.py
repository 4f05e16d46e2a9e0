"""Pairs of AWS configuration and credentials files full of corner cases, and what botocore makes of each pair.

The same seed gives the same pairs. Values of `redacted_profiles` are as PosternTestTool's `profiles`
writes them: plain under names that never hold a secret, else their SHA-256.
"""

import contextlib
import hashlib
import os
import pathlib
import random
from collections.abc import Iterator
from dataclasses import dataclass

import botocore.exceptions
import botocore.session


@dataclass
class Pair:
    """None: the file does not exist."""

    name: str
    config: bytes | None
    credentials: bytes | None

    def write(self, folder: pathlib.Path) -> tuple[pathlib.Path, pathlib.Path]:
        paths = folder / "config", folder / "credentials"
        for path, content in zip(paths, (self.config, self.credentials)):
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content)
        return paths


# What botocore reads

PUBLIC = {
    "addressing_style", "aws_access_key_id", "aws_account_id", "ca_bundle", "cli_pager", "credential_source", "duration_seconds",
    "endpoint_url", "max_attempts", "mfa_serial", "output", "payload_signing_enabled", "region", "retry_mode", "role_arn",
    "role_session_name", "s3", "services", "signature_version", "source_profile", "sso_account_id", "sso_region",
    "sso_role_name", "sso_session", "sso_start_url", "sts_regional_endpoints", "web_identity_token_file",
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def redacted(values: dict) -> dict:
    def name_of(option):
        return digest(option) if len(option.encode()) > 64 else option

    return {name_of(option): redacted(value) if isinstance(value, dict) else
            value if option in PUBLIC and "\n" not in value else digest(value) for option, value in values.items()}


@contextlib.contextmanager
def environment(**variables: str):
    """The process's environment without anybody's AWS settings, and with these."""
    kept = dict(os.environ)
    for name in list(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def botocore_result(config: pathlib.Path, credentials: pathlib.Path) -> dict:
    """`{"profiles": …}` or `{"error": "configuration"}`."""
    with environment(AWS_CONFIG_FILE=str(config), AWS_SHARED_CREDENTIALS_FILE=str(credentials)):
        try:
            profiles = botocore.session.Session().full_config["profiles"]
        except botocore.exceptions.ConfigParseError:
            return {"error": "configuration"}
    return {"profiles": {name: redacted(values) for name, values in profiles.items()}}


# Cases that are there whatever the seed

KEYS = "aws_access_key_id = AKIACASE\naws_secret_access_key = wJalr/case+key\n"

CONFIGS: dict[str, str | bytes | None] = {
    "no file": None,
    "empty": "",
    "only white space": " \n\t\n\u2003\n",
    "only comments": "# a\n; b\n  # c\n",
    "default": "[default]\nregion = eu-west-1\n",
    "no final newline": "[default]\nregion = eu-west-1",
    "header is the last line, without newline": "[default]",
    "CRLF": "[default]\r\nregion = eu-west-1\r\n[profile a]\r\nregion = x\r\n",
    "CRLF nested": "[default]\r\ns3 =\r\n  addressing_style = path\r\n",
    "CR alone": "[default]\rregion = eu-west-1\r[profile a]\rregion = x",
    "mixed line ends": "[default]\r\nregion = a\noutput = b\r\r\n\n[profile a]\n\rregion = x",
    "CR in a value": "[default]\nregion = a\rb = c\n",
    "byte order mark": b"\xef\xbb\xbf[default]\nregion = x\n",
    "byte order mark, then a comment": b"\xef\xbb\xbf# hello\n[default]\nregion = x\n",
    "UTF-16": "[default]\nregion = x\n".encode("utf-16"),
    "Latin-1": "[profile café]\nregion = x\n".encode("latin-1"),
    "bad UTF-8 in a comment": b"[default]\n# \xff\xfe\nregion = x\n",
    "surrogate": b"[default]\nregion = \xed\xa0\x80\n",
    "overlong": b"[default]\nregion = \xc0\xaf\n",
    "truncated UTF-8 at the end": b"[default]\nregion = \xe2\x82",
    "no character": "[default]\nregion = a\x00b\n",
    "noncharacters": "[default]\nregion = \uffff\U0010ffff\n",
    "header missing": "region = x\n[default]\n",
    "header missing after comments": "# c\n\n  region = x\n[default]\n",
    "no delimiter": "[default]\nregion\n",
    "no delimiter, indented under an option": "[default]\nregion = x\n  more\n",
    "no delimiter after a good section": "[default]\nregion = x\n[profile a]\njunk\n",
    "no name": "[default]\n= x\n",
    "no name, colon": "[default]\n: x\n",
    "two without name": "[default]\n= x\n= y\n",
    "no value": "[default]\nregion =\n",
    "no value, no space": "[default]\nregion=\noutput:\n",
    "colon": "[default]\nregion: x\n",
    "colon before equals": "[default]\nrole_arn:iam = x\na=b:c\nd : e = f\n",
    "ARN as a value": "[default]\nrole_arn = arn:aws:iam::123456789012:role/x\n",
    "ARN as a value after a colon": "[default]\nrole_arn: arn:aws:iam::123456789012:role/x\n",
    "no spaces": "[default]\nregion=x\n",
    "many spaces": "[default]\nregion   =   x   \noutput\t=\ty\t\n",
    "spaces inside a name": "[default]\nmy region = x\n",
    "upper case": "[default]\nRegion = EU\nAWS_ACCESS_KEY_ID = AKIA\n",
    "same option in two cases": "[default]\nRegion = a\nregion = b\n",
    "same option twice": "[default]\nregion = a\nregion = a\n",
    "same option in two sections": "[default]\nregion = a\n[profile a]\nregion = b\n",
    "same section twice": "[default]\nregion = a\n[default]\noutput = b\n",
    "same profile twice": "[profile a]\nregion = a\n[profile a]\noutput = b\n",
    "same profile, quoted": "[profile a]\nregion = a\nx = 1\n[profile \"a\"]\noutput = b\n",
    "default twice": "[default]\nregion = a\n[profile default]\noutput = b\n",
    "default twice, other order": "[profile default]\noutput = b\n[default]\nregion = a\n",
    "section in other case": "[Default]\nregion = a\n[DEFAULT]\noutput = b\n[Profile a]\nregion = c\n",
    "defaults for all": "[DEFAULT]\nregion = d\noutput = d\n[default]\nregion = a\n[profile a]\nx = y\n",
    "defaults twice": "[DEFAULT]\nregion = d\n[default]\nx = y\n[DEFAULT]\noutput = e\n",
    "defaults twice, same option": "[DEFAULT]\nregion = d\n[DEFAULT]\nregion = e\n",
    "defaults last": "[default]\nregion = a\n[DEFAULT]\noutput = e\ns3 =\n  a = b\n",
    "defaults broken but hidden": "[DEFAULT]\nregion =\n  x\n[default]\nregion = a\n",
    "defaults broken, nobody there": "[DEFAULT]\nregion =\n  x\n",
    "defaults broken": "[DEFAULT]\nregion =\n  x\n[default]\noutput = a\n",
    "inline comments stay": "[default]\nregion = x # no\noutput = y ; no\n",
    "comment behind a header": "[default] # yes\nregion = x\n[profile a] ; yes\nregion = y\n",
    "text behind a header": "[default] region = x\noutput = y\n",
    "comment indented": "[default]\n   # comment\nregion = x\n   ; comment\n",
    "comment within a value": "[default]\nregion = x\n  # comment\n  more\n",
    "comment within nested": "[default]\ns3 =\n  # comment\n  addressing_style = path\n  ; comment\n  signature_version = s3v4 # stays\n",
    "comment sign within names": "[default]\na#b = c\nx;y = z\n",
    "comment after strange space": "[default]\n\u00a0# comment\n\u3000; comment\nregion = x\n",
    "continued": "[default]\nregion = a\n  b\n\tc\n   d   \n",
    "continued with an empty line": "[default]\nregion = a\n\n  b\n\n\noutput = c\n",
    "continued with a white line": "[default]\nregion = a\n      \n  b\n",
    "continued by a space": "[default]\nregion = a\n b\n",
    "continued at the same depth": "[default]\n  region = a\n  output = b\n",
    "continued deeper": "[default]\n  region = a\n    output = b\n",
    "shallower option": "[default]\n    region = a\n  output = b\n    more\n",
    "first option indented": "[default]\n    region = a\noutput = b\n",
    "indented header": "[default]\nregion = a\n  [profile a]\n  output = b\n",
    "indented header at the start": "  [default]\nregion = a\n",
    "indented header after a header": "[default]\n  [profile a]\n  output = b\nregion = c\n",
    "continued by strange space": "[default]\nregion = a\n\u00a0b\n\u2003c\n",
    "continued by a form feed": "[default]\nregion = a\n\x0cb\n\x1cc\n",
    "zero width is no space": "[default]\nregion = a\n\u200boutput = b\n",
    "key continued by another key": "[default]\naws_access_key_id = AKIA\n  aws_secret_access_key = abc\n",
    "nested": "[default]\ns3 =\n  addressing_style = path\n  signature_version=s3v4\n",
    "nested with empty lines": "[default]\ns3 =\n\n  a = b\n\n  c = d\n\n",
    "nested, upper case stays": "[default]\ns3 =\n  Addressing_Style = Path\n",
    "nested, same name twice": "[default]\ns3 =\n  a = b\n  a = c\n",
    "nested, no equals": "[default]\ns3 =\n  a\n",
    "nested, colon only": "[default]\ns3 =\n  a: b\n",
    "nested, colon and equals": "[default]\ns3 =\n  a: b = c\n",
    "nested, no name": "[default]\ns3 =\n  = c\n",
    "nested, no value": "[default]\ns3 =\n  a =\n",
    "nested, deeper": "[default]\ns3 =\n  a =\n    b = c\n",
    "nested, several equals": "[default]\ns3 =\n  a = b = c\n",
    "nested, line separators": "[default]\ns3 =\n  a = b\x0bc = d\x1ee = f\u2028g = h\x85i = j\n",
    "nested, unit separator is none": "[default]\ns3 =\n  a = b\x1fc = d\n",
    "nested, then header in it": "[default]\ns3 =\n  [profile a]\n  a = b\n",
    "nested in an unknown section": "[stuff]\ns3 =\n  a\n[default]\nregion = x\n",
    "secret on the next line": "[default]\naws_secret_access_key =\n  abc/def\n",
    "secret with equals on the next line": "[default]\naws_secret_access_key =\n  abc/def==\n",
    "value with quotes": "[default]\nregion = \"x\"\noutput = 'y'\n",
    "value with percent and dollar": "[default]\nregion = %(output)s ${HOME} %%\n",
    "value with a backslash": "[default]\nregion = a\\\n  b\n",
    "profile": "[profile a]\nregion = x\n",
    "profile without the word": "[a]\nregion = x\n",
    "profile, many spaces": "[profile    a]\nregion = x\n[profile\tb]\nregion = y\n",
    "profile, trailing space": "[profile a ]\nregion = x\n",
    "profile, leading space": "[ profile a]\nregion = x\n[ default ]\nregion = y\n",
    "profile, double quotes": "[profile \"a b\"]\nregion = x\n",
    "profile, single quotes": "[profile 'a b']\nregion = x\n",
    "profile, half quoted": "[profile a\" b\"c]\nregion = x\n",
    "profile, quoted word": "[\"profile\" a]\nregion = x\n[profile\" x\" y]\nregion = y\n",
    "profile, backslash": "[profile a\\ b]\nregion = x\n[profile c\\\\d]\nregion = y\n",
    "profile, backslash in quotes": "[profile \"a\\\"b\"]\nregion = x\n[profile \"c\\d\"]\nregion = y\n[profile 'e\\f']\nregion = z\n[profile \"g\\\\h\"]\nregion = w\n",
    "profile, backslash at the end": "[profile a\\]\nregion = x\n",
    "profile, open quote": "[profile \"a]\nregion = x\n[profile b]\nregion = y\n",
    "profile, three words": "[profile a b]\nregion = x\n",
    "profile, no name": "[profile]\nregion = x\n[profile \"\"]\nregion = y\n",
    "profile, hash": "[profile a#b]\nregion = x\n[profile #c]\nregion = y\n",
    "profile, other beginning": "[profiles a]\nregion = x\n[profile-x b]\nregion = y\n[profilec]\nregion = z\n",
    "profile, brackets": "[profile [a]]\nregion = x\n[profile b]]\nregion = y\n",
    "profile, unicode": "[profile é]\nregion = a\n[profile e\u0301]\nregion = b\n[profile 🎞]\nregion = c\n",
    "profile, strange space": "[profile\u00a0a]\nregion = x\n[profile \u3000b]\nregion = y\n",
    "names, unicode": "[default]\né = a\ne\u0301 = b\nÉ1 = c\nİ = d\nΑΣΑ = f\nΣ = g\nSS = h\nß = i\nẞ = j\n",
    "names, unicode, same in lower case": "[default]\né = a\nÉ = b\n",
    "brackets empty": "[]\nregion = x\n",
    "brackets with a delimiter": "[default]\n[] = x\n[a = b\n",
    "brackets open": "[default\nregion = x\n",
    "bracket alone within": "[default]\nregion = x\n]\n",
    "bracket of bracket": "[]]\nregion = x\n[default]\noutput = y\n",
    "header from an option": "[default]\n[a] = [b]\nx = y\n",
    "other sections": "[sso-session s]\nsso_region = x\n[services s]\nsts =\n  endpoint_url = http://x\n[preview]\na = b\n[default]\nservices = s\n",
    "other sections, broken nested": "[services s]\nsts =\n  endpoint_url\n",
    "section called profiles": "[profiles]\na = b\n[services]\nc = d\n[sso_sessions]\ne = f\n[default]\nregion = x\n",
    "header of space": "[ ]\nregion = x\n[default]\na = b\n",
    "very long name": "[default]\n" + "n" * 65 + " = x\n" + "m" * 64 + " = y\n",
    "long token on a line of its own": "[default]\naws_session_token = abc\nFwoGZXIvYXdzEBYaD" + "k" * 60 + "==\n",
    "file that only merges": "[profile both]\nregion = config\noutput = config\ns3 =\n  a = config\n" + KEYS,
    "role": "[profile r]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = b\nduration_seconds = 900\n[profile b]\n" + KEYS,
    "process": "[default]\ncredential_process = \"/opt/a b\" --x\n   --y 'z'\n",
}

CREDENTIALS: dict[str, str | bytes | None] = {
    "keys": "[default]\n" + KEYS,
    "keys, no newline": "[default]\n" + KEYS.strip(),
    "keys, CRLF": ("[default]\n" + KEYS).replace("\n", "\r\n"),
    "keys with an inline comment": "[default]\naws_access_key_id = AKIA # mine\naws_secret_access_key = abc\n",
    "header is the whole name": "[profile a]\n" + KEYS + "[a]\nregion = x\n[ a ]\nregion = y\n[\"a\"]\nregion = z\n",
    "merged over": "[both]\noutput = credentials\naws_secret_access_key = other\n",
    "merged over nested": "[both]\ns3 =\n  b = credentials\n",
    "merged over nested by text": "[both]\ns3 = text\nregion =\n  a = b\n",
    "any section": "[sso-session s]\na = b\n[services s]\nc = d\n[profile]\ne = f\n",
    "defaults": "[DEFAULT]\naws_session_token = t\n[default]\n" + KEYS + "[b]\nregion = y\n",
    "unicode profiles": "[é]\nregion = a\n[e\u0301]\nregion = b\n",
    "repeated": "[default]\n" + KEYS + "[default]\n" + KEYS,
    "no header": KEYS,
    "broken nested": "[default]\naws_access_key_id =\n  AKIA\n",
    "not UTF-8": b"[default]\naws_secret_access_key = \xff\n",
    "token names": "[default]\n" + KEYS + "aws_session_token = new\naws_security_token = old\n",
    "empty": "",
    "no file": None,
}


def _bytes(text: str | bytes | None) -> bytes | None:
    return text.encode() if isinstance(text, str) else text


# Cases by chance


class Chance:
    """Writes files line by line; mostly well-formed, each line with a chance of something odd."""

    def __init__(self, seed: int):
        self.pick = random.Random(seed)
        # A file with many oddities is nearly always an error: most files have few.
        self.oddity = self.pick.choice([0, 0, 0.02, 0.05, 0.1, 0.3])

    def odd(self) -> bool:
        return self.pick.random() < self.oddity

    NAMES = ["a", "b", "both", "x y", "é", "e\u0301", "default", "long-name_1.2", "it's", "q\"q", "back\\slash", "tab\tbed", "[br]", "#h"]
    OPTIONS = ["region", "output", "role_arn", "source_profile", "aws_access_key_id", "aws_secret_access_key", "aws_session_token",
               "credential_process", "s3", "services", "Region", "ROLE_ARN", "external_id", "duration_seconds", "web_identity_token_file", "é", "a b",
               "credential_source", "role_session_name", "mfa_serial", "aws_security_token", "sso_role_name", "login_session"]
    VALUES = ["eu-west-1", "json", "arn:aws:iam::123456789012:role/x", "a", "both", "AKIAEXAMPLE", "wJalr/x+y", "a = b", "a: b", "", " ", "x # y", "x ; y", "\"q\"",
              "[x]", "900", "3600", "1h", "é", "/bin/x --y 'z w'", "%(region)s", "a\\", "=", "Environment", "\u00a0x\u00a0", "\x1f", "default"]
    SPACES = ["", "", "", " ", "  ", "\t", "    ", "\u00a0", "\u3000", "\x0c", "\x1d", "\u200b"]
    ENDS = ["\n", "\n", "\n", "\r\n", "\r", "\n\n", "\n \n", "\n\t\n"]

    def space(self) -> str:
        return self.pick.choice(self.SPACES) if self.odd() else self.pick.choice(self.SPACES[:7])

    def profile_name(self) -> str:
        name = self.pick.choice(self.NAMES if self.pick.random() < 0.3 else self.NAMES[:4])
        style = self.pick.random()
        if style < 0.3 or " " in name and not self.odd():
            return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"'{name}'" if style < 0.4 and "'" not in name else name

    def header(self, is_config: bool) -> str:
        pick = self.pick
        if self.odd():
            return pick.choice(["[]", "[", "[x", "x]", "[ ]", "[profile]", "[profile a b]", "[DEFAULT]", "[Default]", "[profile \"a]", "[[a]]", "[a]b]", "[a] = b",
                                "[profilex a]", "[profile\u00a0a]", "[preview]", "[sso-session s]", "[services s]", "[ default ]", "[profile a\\]"])
        if pick.random() < 0.2:
            name = "default"
        else:
            name = ("profile" + pick.choice([" ", " ", " ", "  ", "\t"]) if is_config or self.odd() else "") + self.profile_name()
        return "[" + name + "]" + (pick.choice([" # c", " ;", " x = y", "\t"]) if pick.random() < 0.1 else "")

    def option(self, indent: str) -> list[str]:
        pick = self.pick
        if self.odd():
            return [indent + pick.choice(["junk", "= x", ": x", "[", "]", "\ufeff", "a", "\x00", "region", "[default]", "[]=x", "#", "=", "a=", "\u200b= b"])]
        name, delimiter = pick.choice(self.OPTIONS), pick.choice(["=", "=", "=", ":"])
        if pick.random() < 0.12:
            inner = indent + pick.choice(["  ", "\t", "    "])
            lines = [f"{indent}{name} {delimiter}"]
            for _ in range(pick.randint(1, 3)):
                lines.append(inner + (pick.choice(["x", "a : b", "# c", "", "[profile a]"]) if self.odd() or pick.random() < 0.08 else
                                      pick.choice(["addressing_style = path", "A=b", "= x", "a = b = c", "k =", "\u00a0k\u00a0=\u00a0v", "a = \x0b b = c"])))
            return lines
        lines = [f"{indent}{name}{self.space()}{delimiter}{self.space()}{pick.choice(self.VALUES)}{self.space()}"]
        while pick.random() < 0.08:
            lines.append(pick.choice([indent + "  more", indent + "\tk = v", "", indent + "  # c", indent + " ; c", "\u00a0" + indent + "n", "   "]))
        return lines

    def file(self, is_config: bool) -> bytes | None:
        pick = self.pick
        if pick.random() < 0.06:
            return None
        lines = []
        if self.odd():
            lines.append(pick.choice(["x = y", "\ufeff", "junk", "  # c"]))
        seen = set()
        for _ in range(pick.randint(0, 5)):
            header = self.header(is_config)
            if header in seen and not self.odd():
                continue
            seen.add(header)
            lines.append((self.space() if self.odd() else "") + header)
            indent = pick.choice(["", "", "", "  ", "\t"])
            names = set()
            for _ in range(pick.randint(0, 6)):
                option = self.option(self.space() if self.odd() else indent)
                name = option[0].replace(":", "=").partition("=")[0].strip().lower()
                if name in names and not self.odd():
                    continue
                names.add(name)
                lines += option
                if pick.random() < 0.1:
                    lines.append(pick.choice(["", "# c", "; c", "  # c", "   "]))
        end = pick.choice(self.ENDS)
        text = "".join(line + (pick.choice(self.ENDS) if self.odd() else end) for line in lines)
        if pick.random() < 0.3:
            text = text.rstrip()
        data = text.encode()
        if self.odd() and data:
            place = pick.randrange(len(data))
            data = data[:place] + pick.choice([b"", b"\xff", b"=", b"\n", b"[", b"]", b" ", b"\r", b"\xc2", b"\x1e"]) + data[place + pick.randint(0, 2):]
        return data


def pairs(seed: int, by_chance: int = 200) -> Iterator[Pair]:
    """The cases that are always there, then as many by chance as wanted."""
    pick = random.Random(seed)
    for name, text in CONFIGS.items():
        yield Pair(name, _bytes(text), None)
    for name, text in CREDENTIALS.items():
        yield Pair(f"credentials: {name}", _bytes(CONFIGS["file that only merges"]), _bytes(text))
    for config, credentials in ((pick.choice(list(CONFIGS)), pick.choice(list(CREDENTIALS))) for _ in range(30)):
        yield Pair(f"{config} + {credentials}", _bytes(CONFIGS[config]), _bytes(CREDENTIALS[credentials]))
    for name, text in CONFIGS.items():
        yield Pair(f"as credentials: {name}", None, _bytes(text))
    for number in range(by_chance):
        chance = Chance(seed * 1_000_003 + number)
        yield Pair(f"by chance {number}", chance.file(True), chance.file(False))
