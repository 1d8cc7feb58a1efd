package cel

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// TestBoundedFunctionsAreThoseOfTheLibrary compares what stands in the place of
// functions of cel-go with these.
func TestBoundedFunctionsAreThoseOfTheLibrary(t *testing.T) {
	for _, source := range []string{
		`lists.range(3)`, `lists.range(0)`, `lists.range(-1)`, `lists.range(object.n)`, `lists.range(object.s)`, `lists.range(3).map(x, x * 2)`,
		`"abcabc".replace("b", "xy")`, `"abcabc".replace("b", "xy", 1)`, `"abc".replace("b", "xy", 0)`, `"abc".replace("b", "xy", -1)`, `"äö".replace("", "-")`,
		`"abc".replace("", "")`, `object.s.replace(object.s, "")`, `object.n.replace("a", "b")`, `object.s.replace("a", object.n)`, `object.s.replace("a", object.none)`,
		`["a", "b"].join()`, `["a", "b"].join(", ")`, `[].join("x")`, `["a"].join("x")`, `object.list.join("-")`, `object.mixed.join("-")`, `object.s.split("").join("-")`, `[object.none].join()`,
		`sets.contains([1, 2], [2])`, `sets.contains([], [1])`, `sets.contains(object.list, ["b", "c"])`, `sets.contains(object.list, object.n)`, `sets.contains(object.mixed, [])`,
		`sets.intersects([1], [2, 1])`, `sets.intersects([], [])`, `sets.intersects(object.mixed, object.list)`, `sets.equivalent([1, 1], [1])`, `sets.equivalent([1, 2], [1])`,
		`sets.equivalent([1], [1, 2])`, `sets.equivalent(object.s, [1])`, `[1, 1.0, "1", 2, 1].distinct()`, `[].distinct()`, `object.mixed.distinct()`, `object.s.distinct()`, `[[1], [1], {"a": 1}].distinct().size()`,
	} {
		t.Run(source, func(t *testing.T) {
			want, wantErr := evaluate(t, source)
			got, gotErr := evaluate(t, source, boundCalls())
			if (wantErr == nil) != (gotErr == nil) {
				t.Fatalf("want error %v, got %v", wantErr, gotErr)
			}
			if wantErr == nil && want.Equal(got) != types.True {
				t.Errorf("want %v, got %v", want, got)
			}
		})
	}
}

func evaluate(t *testing.T, source string, options ...cel.ProgramOption) (ref.Val, error) {
	t.Helper()
	env, err := environment()
	if err != nil {
		t.Fatal(err)
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	program, err := env.Program(ast, options...)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := program.Eval(growthVars())
	return out, err
}

// TestComparingAllWithAllIsRefused has calls that would take an hour.
func TestComparingAllWithAllIsRefused(t *testing.T) {
	for _, source := range []string{
		`sets.contains(object.long, object.long)`, `sets.intersects(object.long, object.other)`, `sets.equivalent(object.long, object.long)`, `object.long.distinct().size()`,
	} {
		t.Run(source, func(t *testing.T) {
			// Which of the two bounds is told depends on what the arguments cost.
			if err := refused(t, source); err == nil || !strings.Contains(err.Error(), "more than") {
				t.Errorf("want it refused, got %v", err)
			}
		})
	}
}

// refused evaluates an expression as a rule does.
func refused(t *testing.T, source string) error {
	t.Helper()
	env, err := environment()
	if err != nil {
		t.Fatal(err)
	}
	b := compiler{env: env}
	e := b.compile(source, anything, "x")
	if err := errors.Join(b.errs...); err != nil {
		t.Fatal(err)
	}
	vars := growthVars()
	object := vars[varObject].(map[string]any)
	long, other := make([]any, 300_000), make([]any, 300_000)
	for i := range long {
		long[i], other[i] = int64(i), int64(-i-1)
	}
	object["long"], object["other"] = long, other
	budget := uint64(maxObjectCost)
	_, err = e.run(vars, &budget)
	return err
}

func growthVars() map[string]any {
	return map[string]any{varObject: map[string]any{
		"n": int64(2), "s": "banana", "list": []any{"a", "b"}, "mixed": []any{"a", int64(1)}, "big": strings.Repeat("x", 1<<20),
	}, varValue: nil, varPhase: "", varContext: map[string]any{}}
}

// TestGrowthIsRefused has expressions that would take from gigabytes to
// terabytes.
func TestGrowthIsRefused(t *testing.T) {
	for name, source := range map[string]string{
		"range":             `lists.range(1000000000).size()`,
		"replace":           `object.big.replace("x", object.big)`,
		"replace nothing":   `object.big.replace("", object.big)`,
		"replace so often":  `object.big.replace("x", object.big, 1000000)`,
		"join":              `object.big.split("").join(object.big)`,
		"one in another":    `object.big.replace("x", object.big.replace("x", object.big))`,
		"within a function": `size(object.big.replace("x", object.big)) > 0`,
	} {
		t.Run(name, func(t *testing.T) {
			err := refused(t, source)
			if err == nil || err.Error() != "a value grows too large" {
				t.Errorf("want it refused, got %v", err)
			}
		})
	}
}
