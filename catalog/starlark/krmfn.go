package starlark

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// krmfnModule tells objects apart. What is missing, or no string, counts as an
// empty string.
func krmfnModule() *starlarkstruct.Module {
	return newModule("krmfn", map[string]builtin{
		"match_gvk":       matchGVK,
		"match_name":      matchMetadata("name"),
		"match_namespace": matchMetadata("namespace"),
	})
}

// matchGVK takes group and version in one, as objects have them. The public
// catalogue's function did so until 2025; as of 2025-06 it compares all of the
// apiVersion with the version, so that no object of a group ever matches.
func matchGVK(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var object *starlark.Dict
	var apiVersion, kind string
	if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 3, &object, &apiVersion, &kind); err != nil {
		return nil, err
	}
	return starlark.Bool(textAt(object, "apiVersion") == apiVersion && textAt(object, "kind") == kind), nil
}

func matchMetadata(field string) builtin {
	return func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var object *starlark.Dict
		var want string
		if err := starlark.UnpackPositionalArgs(b.Name(), args, kwargs, 2, &object, &want); err != nil {
			return nil, err
		}
		metadata, _ := entry(object, "metadata").(*starlark.Dict)
		return starlark.Bool(textAt(metadata, field) == want), nil
	}
}

// textAt returns the string at a key; d may be nil.
func textAt(d *starlark.Dict, key string) string {
	text, _ := starlark.AsString(entry(d, key))
	return text
}

// entry returns what a dict, which may be nil, has at a key, or None.
func entry(d *starlark.Dict, key string) starlark.Value {
	if d == nil {
		return starlark.None
	}
	v, found, err := d.Get(starlark.String(key))
	if err != nil || !found {
		return starlark.None
	}
	return v
}
