"""What a log must never show: secrets, keys, tokens, policies and signatures of this session."""

import secrets

_canaries: set[str] = set()


def secret(prefix: str) -> str:
    """A new secret that no log may show."""
    made = prefix + secrets.token_urlsafe(24)
    add(made)
    return made


def add(*texts: str | None):
    _canaries.update(text for text in texts if text)


def add_ticket(ticket: dict):
    """A ticket's policy and signature."""
    if ticket.get("method") == "PUT":
        add(ticket["url"].partition("X-Amz-Signature=")[2])
    for name, value in ticket["fields"].items():
        if name.lower() in ("policy", "x-amz-signature", "signature", "x-amz-security-token"):
            add(value)


def known() -> frozenset[str]:
    return frozenset(_canaries)
