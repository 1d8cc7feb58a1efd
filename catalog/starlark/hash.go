package starlark

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// hashModule has what names things by their content; it protects nothing.
func hashModule() *starlarkstruct.Module {
	return newModule("hash", map[string]builtin{
		"md5":    hasher(func(data []byte) []byte { sum := md5.Sum(data); return sum[:] }),
		"sha1":   hasher(func(data []byte) []byte { sum := sha1.Sum(data); return sum[:] }),
		"sha256": hasher(func(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] }),
	})
}

func hasher(sum func([]byte) []byte) builtin {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var text string
		if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 1, &text); err != nil {
			return nil, err
		}
		if err := takeText(thread, b, text); err != nil {
			return nil, err
		}
		return starlark.String(hex.EncodeToString(sum([]byte(text)))), nil
	}
}
