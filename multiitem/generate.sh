#!/usr/bin/env bash
# Generate multiitemv1 from proto/v1/multiitem.proto. With --check, change
# nothing and fail when what is checked in is not what would be generated.
#
# protoc is Debian's protobuf-compiler. protoc-gen-go comes from the version of
# google.golang.org/protobuf that the root go.mod requires, so that code and
# runtime are the same version; protoc-gen-go-grpc is pinned in tools/go.mod.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")

if ! command -v protoc >/dev/null; then
  echo "protoc is missing: apt-get install protobuf-compiler" >&2
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/out"
(cd "$root" && go build -o "$work/bin/" google.golang.org/protobuf/cmd/protoc-gen-go)
(cd "$root/tools" && go build -o "$work/bin/" google.golang.org/grpc/cmd/protoc-gen-go-grpc)

# The version of protoc is in the header of each file; protoc of another
# version generates the same code, so the header is not compared.
PATH="$work/bin:$PATH" protoc --proto_path="$here/proto" \
  --go_out="$work/out" --go_opt=module=github.com/velero-krm/velero-krm/multiitem \
  --go-grpc_out="$work/out" --go-grpc_opt=module=github.com/velero-krm/velero-krm/multiitem \
  v1/multiitem.proto
sed -i '/^\/\/ [\t-]*\(- \)\?protoc  *v/d' "$work"/out/multiitemv1/*.go
cat >"$work/out/multiitemv1/doc.go" <<'DOC'
// Package multiitemv1 is generated from proto/v1/multiitem.proto: the messages
// and services of multi-item actions as they are on the wire. Plugin authors
// and hosts in Go use package multiitem instead.
package multiitemv1
DOC

if [ "${1:-}" = --check ]; then
  if ! diff -ru "$here/multiitemv1" "$work/out/multiitemv1"; then
    echo "multiitemv1 is not what proto/v1/multiitem.proto generates: run multiitem/generate.sh" >&2
    exit 1
  fi
  echo "multiitemv1 is current"
  exit 0
fi
rm -rf "$here/multiitemv1"
cp -r "$work/out/multiitemv1" "$here/multiitemv1"
