#!/usr/bin/env bash
# Writes go.mod and go.sum of the edited tree for each version of Velero named
# (default: all that have a folder here). `make velero-gomod` calls it.
#
# They are Velero's own, with the module velero-krm added. The go line is that
# of velero-krm, which needs it. v1.18.3 takes the versions of e2e/go.mod where
# both have a module: bin/velero-stock is built from that, so the two share what
# is compiled, and comparing them compares the edits alone.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
bin=${BIN:-$root/bin}
versions=("$@")
if [ ${#versions[@]} -eq 0 ]; then
  for dir in "$here"/v*/; do versions+=("$(basename "$dir")"); done
fi

# required <go.mod>: every module that it requires, as path@version.
required() { awk '/^require \(/ {in_block = 1; next} /^\)/ {in_block = 0} in_block && NF >= 2 {print $1 "@" $2}' "$1"; }

for version in "${versions[@]}"; do
  echo "go.mod  Velero $version"
  source=$(go mod download -json "github.com/vmware-tanzu/velero@$version" | awk -F'"' '/"Dir":/ {print $4}')
  to=$here/$version
  mkdir -p "$to"
  cp "$source/go.mod" "$source/go.sum" "$to"
  chmod u+w "$to"/*
  edits=(-toolchain=none
    -require=github.com/velero-krm/velero-krm@v0.0.0-00010101000000-000000000000
    -replace=github.com/velero-krm/velero-krm=./third_party/velero-krm)
  if grep -q "github.com/vmware-tanzu/velero $version\$" "$root/e2e/go.mod"; then
    own=" $(required "$to/go.mod" | cut -d@ -f1 | tr '\n' ' ') "
    while read -r module; do
      [[ $own == *" ${module%@*} "* ]] && edits+=("-require=$module")
    done < <(required "$root/e2e/go.mod")
    while read -r module at; do edits+=("-replace=$module=$module@$at"); done \
      < <(awk '$2 == "=>" && $1 ~ /^k8s.io\// {print $1, $4}' "$root/e2e/go.mod")
  fi
  go mod edit "${edits[@]}" "$to/go.mod"

  tree=$bin/velero-src/$version
  (cd "$root/velero" && go run ./server/cmd/velero-source write -version "$version" -dir "$tree")
  (cd "$tree" && go mod tidy)
  cp "$tree/go.mod" "$tree/go.sum" "$to"
done
