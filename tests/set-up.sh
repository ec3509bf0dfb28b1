#!/bin/sh
# What the tests want from the system: a real Redis, beside the embedded Valkey, Chromium for the console's pages, and the official AsyncAPI parser.
# Tests that lack theirs are skipped, and say so.
set -eu
if command -v npm >/dev/null 2>&1 && [ ! -d tests/node/node_modules/@asyncapi/parser ]; then
  npm install --silent --no-package-lock --no-audit --no-fund --prefix tests/node >/dev/null 2>&1 ||
    echo "could not be installed: @asyncapi/parser; its test will be skipped" >&2
fi
missing=""
command -v redis-server >/dev/null 2>&1 || missing="$missing redis-server"
[ -x /usr/bin/chromium ] || missing="$missing chromium"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  # shellcheck disable=SC2086
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing; } >/dev/null 2>&1 ||
    echo "could not be installed:$missing; their tests will be skipped" >&2
else
  echo "not here:$missing (their tests will be skipped)" >&2
fi
