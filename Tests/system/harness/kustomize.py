"""What `kubectl kustomize` makes of a folder, as far as the files in deploy/kubernetes use it; anything else in them is an error."""

import copy
import hashlib
import json
import pathlib

import yaml

KNOWN = {"apiVersion", "kind", "resources", "components", "labels", "images", "configMapGenerator", "patches"}
# The keys by which a strategic merge patch finds the items of a list.
MERGE_KEYS = {"containers": "name", "initContainers": "name", "volumes": "name", "env": "name", "volumeMounts": "mountPath", "ports": "containerPort"}
SELECTORS = {"Service": ("spec", "selector"), "Deployment": ("spec", "selector", "matchLabels"),
             "PodDisruptionBudget": ("spec", "selector", "matchLabels"), "NetworkPolicy": ("spec", "podSelector", "matchLabels")}


def named(objects: list[dict], kind: str, name: str = "postern") -> dict:
    found = [item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    assert len(found) == 1, (kind, name, [(item["kind"], item["metadata"]["name"]) for item in objects])
    return found[0]


def build(folder: pathlib.Path, objects: list[dict] | None = None) -> list[dict]:
    """All objects, in no order that counts."""
    description = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(description) <= KNOWN, set(description) - KNOWN
    objects = [] if objects is None else objects
    for name in description.get("resources", []):
        path = folder / name
        objects += build(path) if path.is_dir() else [item for item in yaml.safe_load_all(path.read_text()) if item]
    renamed = {}
    for generator in description.get("configMapGenerator", []):
        made, old = config_map(folder, generator), generator["name"]
        objects.append(made)
        renamed[old] = made["metadata"]["name"]
    for name in description.get("components", []):
        build(folder / name, objects)
    for patch in description.get("patches", []):
        changes = yaml.safe_load((folder / patch["path"]).read_text())
        target = named(objects, patch["target"]["kind"], patch["target"]["name"])
        merged = merge(target, changes)
        target.clear()
        target.update(merged)
    for label in description.get("labels", []):
        for item in objects:
            set_labels(item, label["pairs"], label.get("includeSelectors", False))
    for item in objects:
        for pod in pods(item):
            for container in pod.get("initContainers", []) + pod["containers"]:
                for image in description.get("images", []):
                    if container["image"] == image["name"]:
                        container["image"] = f"{image.get('newName', image['name'])}:{image['newTag']}"
            for volume in pod.get("volumes", []):
                if "configMap" in volume:
                    volume["configMap"]["name"] = renamed.get(volume["configMap"]["name"], volume["configMap"]["name"])
    return objects


def config_map(folder: pathlib.Path, generator: dict) -> dict:
    assert set(generator) <= {"name", "files", "options"} and set(generator.get("options", {})) <= {"disableNameSuffixHash"}
    data = {pathlib.PurePath(name).name: (folder / name).read_text() for name in generator["files"]}
    name = generator["name"]
    if not generator.get("options", {}).get("disableNameSuffixHash"):
        # Kustomize's own sum is another one; what counts is that it follows the content.
        name += "-" + hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:10]
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def pods(item: dict) -> list[dict]:
    return [item["spec"]["template"]["spec"]] if item["kind"] == "Deployment" else []


def set_labels(item: dict, pairs: dict, include_selectors: bool):
    item["metadata"].setdefault("labels", {}).update(pairs)
    if not include_selectors:
        return
    if item["kind"] == "Deployment":
        item["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {}).update(pairs)
    at = item
    for key in SELECTORS.get(item["kind"], ()):
        at = at.setdefault(key, {})
    if item["kind"] in SELECTORS:
        at.update(pairs)


def merge(base, changes, key: str | None = None):
    """A strategic merge patch: null removes, lists of objects are merged by their key, with `$patch: delete` for an item."""
    if isinstance(base, dict) and isinstance(changes, dict):
        result = copy.deepcopy(base)
        for name, value in changes.items():
            if value is None:
                result.pop(name, None)
            else:
                result[name] = merge(result.get(name), value, name)
        return result
    if isinstance(changes, list) and key in MERGE_KEYS:
        by = MERGE_KEYS[key]
        kept = {item[by]: item for item in base or []}
        new = {}
        for item in changes:
            if item.get("$patch") == "delete":
                kept.pop(item[by], None)
            elif item[by] in kept:
                kept[item[by]] = merge(kept[item[by]], item)
            else:
                new[item[by]] = merge({}, item)
        return [*new.values(), *kept.values()]
    if isinstance(changes, dict):
        return merge({}, changes)
    return copy.deepcopy(changes)
