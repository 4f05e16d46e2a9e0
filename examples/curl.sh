#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Takes a ticket and uploads a file with it. Needs curl and jq.
#
#   POSTERN_TOKEN=… ./curl.sh photo.png [image/png [images]]
#
# Without a type, or with "", the ending of the name decides.
#
# The address is http://127.0.0.1:8080 unless POSTERN says otherwise; `postern dev` prints a token. Exit code 0: the store has the file;
# 1: Postern refused it; 22: the store refused it; 64: wrong usage.
set -eu

usage() {
    echo "$1" >&2
    echo "usage: POSTERN_TOKEN=… [POSTERN=http://127.0.0.1:8080] $0 FILE [TYPE [RULE]]" >&2
    exit 64
}
[ $# -ge 1 ] || usage "Name the file to upload."
[ -n "${POSTERN_TOKEN:-}" ] || usage "Set POSTERN_TOKEN to a token or an API key."
[ -f "$1" ] || usage "$1 is not a file."
for program in curl jq; do
    command -v "$program" >/dev/null || usage "Install $program first."
done
file=$1
type=${2:-}
rule=${3:-images}
postern=${POSTERN:-http://127.0.0.1:8080}

size=$(wc -c <"$file")
request=$(jq -n --arg rule "$rule" --arg filename "$(basename "$file")" --arg contentType "$type" --argjson size "$size" \
    '{$rule, $filename, $contentType, $size}')

# The token goes through standard input: other users of the machine can read a process's arguments.
ticket=$(printf 'header = "Authorization: Bearer %s"\n' "$POSTERN_TOKEN" |
    curl -sS -K - -H 'Content-Type: application/json' -d "$request" "$postern/v1/tickets")

if ! printf '%s' "$ticket" | jq -e .fields >/dev/null; then
    printf '%s\n' "$ticket" >&2 # a problem: "detail" says what to do
    exit 1
fi

if [ "$(printf '%s' "$ticket" | jq -r .method)" = PUT ]; then # a store that has no form
    printf '%s' "$ticket" | jq -r '"url = " + (.url | @json), (.headers | to_entries[] | "header = " + ("\(.key): \(.value)" | @json))' |
        curl -sS -i --fail-with-body -K - -T "$file"
    exit
fi

# curl's option files escape strings as JSON does. form-string takes a value as it is, even one that begins with @.
# The file comes last: the store ignores what follows it.
printf '%s' "$ticket" | jq -r '.fields | to_entries[] | "form-string = " + ("\(.key)=\(.value)" | @json)' |
    curl -sS -i --fail-with-body -K - -F "file=@\"$file\"" "$(printf '%s' "$ticket" | jq -r .url)"
