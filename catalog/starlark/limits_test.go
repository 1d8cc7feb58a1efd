package starlark

import (
	"bytes"
	"encoding/json"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"go.starlark.net/starlark"
)

// TestMemoryEndsAScript lets the memory of the process have grown too much
// already.
func TestMemoryEndsAScript(t *testing.T) {
	thread := &starlark.Thread{}
	watchThread(t.Context(), thread, 0)
	w := &watch{ctx: t.Context(), limit: baseSteps, heap: 1, used: 1}
	w.sample = append(w.sample, newSample())
	thread.OnMaxSteps = w.look
	_, err := starlark.ExecFileOptions(options(), thread, scriptName, "x = 0\nwhile True: x += 1\n", nil)
	if err == nil || !strings.Contains(err.Error(), "takes too much memory") {
		t.Errorf("got %v", err)
	}
}

// TestGarbageEndsNoScript lets another call leave more behind than a script may
// hold.
func TestGarbageEndsNoScript(t *testing.T) {
	thread := &starlark.Thread{}
	watchThread(t.Context(), thread, 0)
	w := &watch{ctx: t.Context(), limit: baseSteps, sample: []metrics.Sample{newSample()}}
	runtime.GC()
	w.used = w.memory() + 8<<20
	w.heap = w.used + 8<<20
	// Nothing is collected before the watch asks for it.
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range 64 {
		garbage = make([]byte, 1<<20)
	}
	garbage = nil
	if w.memory() <= w.heap {
		t.Fatal("there is no garbage")
	}
	thread.OnMaxSteps = w.look
	_, err := starlark.ExecFileOptions(options(), thread, scriptName, "x = 0\nwhile x < 100: x += 1\n", nil)
	if err != nil {
		t.Error(err)
	}
}

// garbage keeps the compiler from leaving out what is made.
var garbage []byte

// TestNumbersTooLargeKeepTheirSign looks at numbers that no script can count
// with.
func TestNumbersTooLargeKeepTheirSign(t *testing.T) {
	for text, want := range map[string]float64{"1e999": math.Inf(1), "-1e999": math.Inf(-1), "-" + strings.Repeat("9", 2*maxDigits): math.Inf(-1)} {
		if got := number(text); got != starlark.Float(want) {
			t.Errorf("%.10s...: want %v, got %v", text, want, got)
		}
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
		w, r := writer{}, newReader(1)
		raw, err := w.write(d)
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("%s: not JSON: %s", expression, raw)
		}
		raw = slices.Clone(raw)
		if again, changed, err := w.rewrite(raw, r.object(raw)); err != nil || changed || !bytes.Equal(again, raw) {
			t.Errorf("%s: %s comes back as %s, %v", expression, raw, again, err)
		}
	})
}
