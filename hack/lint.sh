#!/usr/bin/env bash
# Lint the modules named, each in its own folder, with one configuration and
# the linter that tools/go.mod pins. --fix formats as well.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
bin=${BIN:-$root/bin}
fix=()
if [ "${1:-}" = --fix ]; then fix=(--fix); shift; fi

# Built once per pinned version: a build takes minutes, a run seconds.
version=$(cd "$root/tools" && go list -m -f '{{.Version}}' github.com/golangci/golangci-lint/v2)
linter=$bin/golangci-lint-$version
if [ ! -x "$linter" ]; then
  echo "building golangci-lint $version (minutes, once)"
  (cd "$root/tools" && go build -o "$linter" github.com/golangci/golangci-lint/v2/cmd/golangci-lint)
fi

status=0
for module in "$@"; do
  echo "lint $module"
  (cd "$root/$module" && "$linter" run --config "$root/.golangci.yml" "${fix[@]}" ./...) || status=1
done
exit $status
