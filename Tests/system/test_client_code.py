"""The code for apps in docs/clients.md, as it stands there, uploads to a real store."""

import os
import pathlib
import re
import subprocess

import pytest

from harness.service import ROOT, Service, clean_environment
from harness.tenant import Tenant

RULES = {"photos": {"keyPrefix": "{tenant}/photos/{user}/", "contentTypes": ["image/png"], "maxSize": "10MiB",
                    "metadata": {"fixed": {"name": "{filename}"}}}}
# What the code calls `file`: more than one buffer, and a name that forms must escape.
CONTENT = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2000
NAME = "Übersicht 1.png"


def block(section: str, language: str) -> str:
    text = (ROOT / "docs" / "clients.md").read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    found, = re.findall(rf"```{language}\n(.*?)```", text, re.S)
    return found


@pytest.fixture(scope="module")
def service(make_service, real_store) -> Service:
    at = {"bucket": real_store.bucket, "region": real_store.region, "endpoint": real_store.path_endpoint, "addressing": "path"}
    tenants = [Tenant("app-post", at, RULES), Tenant("app-put", at | {"method": "put"}, RULES)]
    with make_service("client-code", tenants, real_store.credentials) as service:
        yield service


@pytest.fixture
def file(tmp_path) -> pathlib.Path:
    (tmp_path / NAME).write_bytes(CONTENT)
    return tmp_path / NAME


def run(*command, folder: pathlib.Path, code: int = 0) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL, cwd=folder,
                          env=clean_environment(LC_ALL="C.UTF-8"))
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def expect_stored(real_store, key: str):
    stored = real_store.client().get_object(Bucket=real_store.bucket, Key=key)
    assert stored["Body"].read() == CONTENT and stored["ContentType"] == "image/png"


KOTLIN_MAIN = """
import java.io.File
import okhttp3.OkHttpClient

fun main(arguments: Array<String>) {
    val (postern, token, rule, file, type) = arguments
    var last = 0L
    try {
        println(upload(OkHttpClient(), postern, token, rule, File(file), type) { last = it })
        println(last)
    } catch (refused: UploadRefused) {
        println("${refused.code}: ${refused.message}")
        System.exit(1)
    }
}
"""
# Debian has OkHttp 3: the names of OkHttp 4 that the code uses.
KOTLIN_NAMES = """
import okhttp3.MediaType
import okhttp3.RequestBody
import okhttp3.Response

fun String.toMediaType(): MediaType = MediaType.parse(this)!!
fun String.toRequestBody(type: MediaType): RequestBody = RequestBody.create(type, this)
val Response.body get() = body()
val Response.code get() = code()
"""
JARS = [pathlib.Path("/usr/share/java") / name for name in ("okhttp.jar", "okio.jar", "com.android.json.jar", "kotlin-stdlib.jar")]


@pytest.fixture(scope="module")
def kotlin(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("kotlin")
    code = re.sub(r"^import okhttp3\.\w+\.Companion\..*\n", "", block("Android: Kotlin and OkHttp", "kotlin"), flags=re.M)
    for name, text in (("Upload", code), ("Names", KOTLIN_NAMES), ("Main", KOTLIN_MAIN)):
        (folder / f"{name}.kt").write_text(text)
    run("kotlinc", "-jvm-target", "1.8", "-classpath", os.pathsep.join(map(str, JARS)), *folder.glob("*.kt"), "-d", folder / "classes", folder=folder)
    return folder


@pytest.mark.parametrize("id", ["app-post", "app-put"])
def test_kotlin(service, real_store, kotlin, file, id):
    program = ["java", "-Dfile.encoding=UTF-8", "-classpath", os.pathsep.join(map(str, [*JARS, kotlin / "classes"])), "MainKt"]
    token = service.tenants[id].token()
    key, sent = run(*program, service.url, token, "photos", file, "image/png", folder=kotlin).splitlines()
    assert int(sent) == len(CONTENT)
    expect_stored(real_store, key)
    assert run(*program, service.url, token, "photos", file, "text/plain", folder=kotlin, code=1).startswith("content-type-not-allowed: ")
    assert run(*program, service.url, "x", "photos", file, "image/png", folder=kotlin, code=1).startswith("unauthenticated: ")


# What React Native's FormData and fetch do: a file is {uri, name, type}, and file: URLs can be fetched.
REACT_NATIVE = """
import { readFileSync } from "node:fs";
import { upload } from "./upload.mjs";

const Plain = FormData, get = fetch;
globalThis.FormData = class extends Plain {
  append(name, value) {
    if (typeof value !== "object") return super.append(name, value);
    super.append(name, new Blob([readFileSync(new URL(value.uri))], { type: value.type }), value.name);
  }
};
globalThis.fetch = (url, options) =>
  String(url).startsWith("file:") ? Promise.resolve(new Response(readFileSync(new URL(url)))) : get(url, options);

const [postern, token, uri, name, type, size] = process.argv.slice(2);
try {
  console.log(await upload({ uri, name, type, size: size ? Number(size) : undefined }, { postern, token, rule: "photos" }));
} catch (error) {
  console.log(`${error.code}: ${error.message}`);
  process.exit(1);
}
"""


@pytest.mark.parametrize("id, size", [("app-post", len(CONTENT)), ("app-post", ""), ("app-put", len(CONTENT))])
def test_react_native(service, real_store, tmp_path, file, id, size):
    (tmp_path / "upload.mjs").write_text(block("React Native", "js"))
    (tmp_path / "main.mjs").write_text(REACT_NATIVE)
    token = service.tenants[id].token()
    key = run("node", "main.mjs", service.url, token, file.as_uri(), NAME, "image/png", size, folder=tmp_path).strip()
    expect_stored(real_store, key)
    assert run("node", "main.mjs", service.url, token, file.as_uri(), NAME, "text/plain", size, folder=tmp_path, code=1).startswith("content-type-not-allowed: ")
