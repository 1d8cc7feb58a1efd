package starlark

import (
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

// TestMemoryEndsAScript lets the memory of the process have grown too much
// already.
func TestMemoryEndsAScript(t *testing.T) {
	thread := &starlark.Thread{}
	watchThread(t.Context(), thread, 0)
	w := &watch{ctx: t.Context(), limit: baseSteps, heap: 1}
	w.sample = append(w.sample, newSample())
	thread.OnMaxSteps = w.look
	_, err := starlark.ExecFileOptions(options(), thread, scriptName, "x = 0\nwhile True: x += 1\n", nil)
	if err == nil || !strings.Contains(err.Error(), "takes too much memory") {
		t.Errorf("got %v", err)
	}
}

// FuzzConvert checks that whatever a script makes of an object is converted or
// refused, without a panic and without end.
func FuzzConvert(f *testing.F) {
	for _, seed := range []string{
		"[1, 1.5, None, True, (1,), {'a': []}]", "{1: 2}", "'\\xff'", "1 << 100", "float('inf')", "set([1])", "[[[]]] * 5", "json.decode('[1e5]')", "'a'.elems()", "range(3)", "b'x'", "{}.get",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		thread := &starlark.Thread{}
		thread.SetMaxExecutionSteps(10_000)
		v, err := starlark.EvalOptions(options(), thread, "fuzz", expression, predeclared(starlark.None))
		if err != nil {
			return
		}
		d := starlark.NewDict(1)
		if err := d.SetKey(starlark.String("x"), v); err != nil {
			return
		}
		c := converter{}
		m, err := c.object(d, nil)
		if err != nil {
			return
		}
		if !unchanged(toDict(m), m) {
			t.Errorf("%s: %v comes back as something else", expression, m)
		}
	})
}
