"""A tenant and its rule file."""

import pathlib
from dataclasses import dataclass, field

import yaml

from .tokens import APIKey, Issuer

AVATARS = {"keyPrefix": "avatars/{user}/", "contentTypes": ["image/png", "image/jpeg"], "maxSize": "1MiB"}


class PlainDumper(yaml.SafeDumper):
    """Anchors and aliases are refused in rule files."""

    def ignore_aliases(self, data):
        return True


def to_yaml(value) -> str:
    return yaml.dump(value, Dumper=PlainDumper, sort_keys=False, allow_unicode=True)


@dataclass
class Tenant:
    id: str
    store: dict = field(default_factory=lambda: {"bucket": "acme-uploads", "region": "eu-west-1"})
    rules: dict = field(default_factory=lambda: {"avatars": AVATARS})
    issuers: list[Issuer] | None = None
    api_keys: list[APIKey] | None = None
    origins: list[str] = field(default_factory=list)
    # Further keys at the top of the file; None leaves one out.
    more: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.issuers is None:
            self.issuers = [Issuer(f"id.{self.id}")]
        if self.api_keys is None:
            self.api_keys = [APIKey(self.id)]

    @property
    def api_key(self) -> str:
        return self.api_keys[0].text

    def token(self, user: str = "u1", **more) -> str:
        return self.issuers[0].token(user, **more)

    def document(self, keys: pathlib.Path) -> dict:
        auth = {}
        if self.issuers:
            auth["issuers"] = [issuer.write(keys) for issuer in self.issuers]
        if self.api_keys:
            auth["apiKeys"] = [key.entry() for key in self.api_keys]
        document = {"tenant": self.id, "store": self.store, "auth": auth, "rules": self.rules}
        if self.origins:
            document["origins"] = self.origins
        if len({issuer.issuer for issuer in self.issuers}) > 1:
            # Most tests do not care whose user it is.
            document["sharedUsers"] = True
        return {name: value for name, value in (document | self.more).items() if value is not None}

    def write(self, folder: pathlib.Path, keys: pathlib.Path):
        (folder / f"{self.id}.yaml").write_text(to_yaml(self.document(keys)))
