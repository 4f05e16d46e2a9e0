# SPDX-License-Identifier: Apache-2.0
"""A back end that asks for tickets on behalf of its users, and looks for the file after the upload: see README.md.

Environment: POSTERN and POSTERN_API_KEY; S3_ENDPOINT, for stores other than AWS; and credentials that may read the bucket.
"""

import json
import os
import re
import secrets
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
from flask import Flask, abort, redirect, render_template, request, session

POSTERN = os.environ["POSTERN"]
API_KEY = os.environ["POSTERN_API_KEY"]
BUCKET = os.environ.get("BUCKET", "intranet-uploads")
RULE = "attachments"

app = Flask(__name__)
# The users' sessions end with the process. The cookie does not come with requests that other sites make (CSRF).
app.config.update(SECRET_KEY=secrets.token_bytes(32), SESSION_COOKIE_SAMESITE="Strict", MAX_CONTENT_LENGTH=64 * 1024)
# Credentials of its own, which may read: those that sign tickets should not be able to.
s3 = boto3.client(
    "s3", endpoint_url=os.environ.get("S3_ENDPOINT"), region_name=os.environ.get("AWS_REGION", "us-east-1"),
    config=botocore.config.Config(s3={"addressing_style": "path"}, connect_timeout=5, read_timeout=10, retries={"max_attempts": 2}))
records = []  # in place of a database


def encoded(user: str) -> str:
    """A user as Postern writes it in a key: each byte outside A-Za-z0-9_.- is ~XX, and all bytes of "." and ".." are."""
    safe = rb"[^A-Za-z0-9_.-]" if user.strip(".") else rb"."
    return re.sub(safe, lambda byte: b"~%02X" % byte.group()[0], user.encode(), flags=re.DOTALL).decode()


def signed_in() -> str:
    return session.get("user") or abort(401)


@app.get("/")
def page():
    user = session.get("user")
    return render_template("page.html", user=user, records=[record for record in records if record["user"] == user])


@app.post("/login")
def login():
    """In place of the app's own login."""
    session["user"] = request.form["user"][:64]
    return redirect("/")


@app.post("/tickets")
def ticket():
    """A ticket for the user of the session. The page cannot name another user, nor a rule."""
    user, file = signed_in(), request.get_json()
    wanted = {"rule": RULE, "user": user, "filename": file.get("filename"), "contentType": file.get("contentType"), "size": file.get("size")}
    question = urllib.request.Request(
        f"{POSTERN}/v1/tickets", json.dumps(wanted).encode(), {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(question, timeout=10) as answer:
            return json.load(answer), 201
    except urllib.error.HTTPError as refused:
        problem = json.load(refused)
        app.logger.warning("no ticket for %s: %s %s", user, problem["code"], problem["detail"])
        # What the user can do something about is shown; that the key or the service is at fault is for the log.
        return ({"detail": problem["detail"]}, refused.code) if refused.code in (403, 413, 415, 422, 429) else ({"detail": "Try again later."}, 502)
    except OSError as problem:
        app.logger.error("no answer from Postern: %s", problem)
        return {"detail": "Try again later."}, 502


@app.post("/uploaded")
def uploaded():
    """The page says that it has uploaded. It can claim anything: only the store's word counts."""
    user, key = signed_in(), str(request.get_json().get("key"))
    if not key.startswith(f"attachments/{encoded(user)}/"):
        abort(403)
    try:
        found = s3.head_object(Bucket=BUCKET, Key=key)
    except botocore.exceptions.ClientError as problem:
        if problem.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return {"detail": "The file is not in the store."}, 409
        raise
    record = {"user": user, "key": key, "size": found["ContentLength"], "type": found["ContentType"]}
    if record not in records:
        records.append(record)
        del records[:-1000]
    return record, 201


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
