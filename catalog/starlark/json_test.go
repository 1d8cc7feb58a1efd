package starlark

import (
	"testing"

	"go.starlark.net/starlark"
)

// TestDecodeBoundsDepth would end the process if the library saw the text.
func TestDecodeBoundsDepth(t *testing.T) {
	tests := map[string]struct{ expression, want string }{
		"lists":            {`json.decode("[" * 5000000)`, "the text is nested too deeply"},
		"maps":             {`json.decode('{"a":' * 5000000)`, "the text is nested too deeply"},
		"by name":          {`json.decode(x = "[" * 5000000)`, "the text is nested too deeply"},
		"default":          {`json.decode("[" * 5000000, None)`, "the text is nested too deeply"},
		"just deep enough": {`json.decode("[" * 1000 + "]" * 1000)`, ""},
		"wide":             {`json.decode("[" + "[], " * 2000 + "1]")`, ""},
		"in a string":      {`json.decode('"' + "[" * 2000 + '\\"' + "{" * 2000 + '"')`, ""},
		"digits":           {`json.decode("1" * 6000000)`, "a number has more than 1000 digits"},
		"digits in a list": {`json.decode("[-" + "1" * 1001 + "]")`, "a number has more than 1000 digits"},
		"digits in text":   {`json.decode('"' + "1" * 6000 + '"')`, ""},
		"just few enough":  {`json.decode("[" + ("1" * 1000 + ", ") * 3 + "1]")`, ""},
		"large integer":    {`json.encode(int("1" * 2000))`, "the value is too large, or holds itself"},
		"no text":          {`json.decode(1)`, "json.decode: for parameter x: got int, want string"},
		"the default":      {`json.decode("no JSON", default = 1)`, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			thread := &starlark.Thread{}
			_, err := starlark.EvalOptions(options(), thread, "test", tc.expression, predeclared(starlark.None))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tc.want {
				t.Errorf("want %q, got %q", tc.want, got)
			}
		})
	}
}
