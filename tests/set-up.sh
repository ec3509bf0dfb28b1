#!/bin/sh
# What the tests want from the system: a real Redis, beside the embedded Valkey. Without one the Redis half of the channel suite is skipped, and says so.
# Where there is npm: the official AsyncAPI parser.
set -eu
if command -v npm >/dev/null 2>&1 && [ ! -d tests/node/node_modules ]; then
  npm install --silent --no-package-lock --prefix tests/node >/dev/null 2>&1 ||
    echo "the official AsyncAPI parser could not be installed; its test will be skipped" >&2
fi
command -v redis-server >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq redis-server; } >/dev/null 2>&1 ||
    echo "redis-server could not be installed; its tests will be skipped" >&2
else
  echo "no redis-server here (install it to run the channel suite on Redis too)" >&2
fi
