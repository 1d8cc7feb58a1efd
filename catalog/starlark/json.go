package starlark

import (
	"errors"
	"maps"

	"go.starlark.net/lib/json"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

const decodeName = "decode"

// jsonModule is the module json with a decode that bounds how deep values nest.
// The library's own recurses for each level: some megabytes of brackets, which
// an object may hold, end the process, and no recover helps.
func jsonModule() *starlarkstruct.Module {
	members := maps.Clone(json.Module.Members)
	decode := members[decodeName]
	members[decodeName] = starlark.NewBuiltin("json."+decodeName, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		for _, arg := range args {
			if text, ok := starlark.AsString(arg); ok && tooDeep(text) {
				return nil, errDeep
			}
		}
		for _, pair := range kwargs {
			if text, ok := starlark.AsString(pair[1]); ok && tooDeep(text) {
				return nil, errDeep
			}
		}
		return starlark.Call(thread, decode, args, kwargs)
	})
	return &starlarkstruct.Module{Name: json.Module.Name, Members: members}
}

var errDeep = errors.New("the text is nested too deeply")

// tooDeep reports whether JSON nests deeper than an object may. Of what is no
// JSON the decoder says more.
func tooDeep(text string) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}
