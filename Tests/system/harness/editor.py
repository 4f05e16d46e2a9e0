"""How editors read YAML and use a JSON Schema."""

import functools
import json
import re
import subprocess

import jsonschema_rs
import yaml

from . import service


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's core schema, as the YAML language server has it; PyYAML's own is that of YAML 1.1."""

    yaml_implicit_resolvers: dict = {}


for _tag, _pattern, _first in [
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    ("int", r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    ("float", r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", list("-+.0123456789")),
]:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), _first)


def _integer(loader, node):
    text = loader.construct_scalar(node)
    return int(text, 8 if text.startswith("0o") else 16 if text.startswith("0x") else 10)


def _mapping(loader, node):
    return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}


_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read(text: str):
    """The document as JSON's types. Names are texts."""
    return yaml.load(text, _Loader)


@functools.cache
def schema(*arguments: str) -> dict:
    done = subprocess.run([service.BINARY, "schema", *arguments], capture_output=True, text=True, timeout=60, env=service.clean_environment(),
                          check=True)
    return json.loads(done.stdout)


@functools.cache
def validator(*arguments: str):
    """A fast one, whose regular expressions are those of ECMA-262."""
    return jsonschema_rs.Draft202012Validator(schema(*arguments))


def accepts(document, *arguments: str) -> bool:
    """Whether an editor shows no error. `--service` is for the service-wide file."""
    return validator(*arguments).is_valid(document)


def errors(document, *arguments: str) -> list[str]:
    return [f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in validator(*arguments).iter_errors(document)]
