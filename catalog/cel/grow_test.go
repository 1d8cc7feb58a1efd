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
	} {
		t.Run(source, func(t *testing.T) {
			want, wantErr := evaluate(t, source)
			got, gotErr := evaluate(t, source, boundGrowth())
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
			env, err := environment()
			if err != nil {
				t.Fatal(err)
			}
			b := compiler{env: env}
			e := b.compile(source, anything, "x")
			if err := errors.Join(b.errs...); err != nil {
				t.Fatal(err)
			}
			budget := uint64(maxObjectCost)
			_, err = e.run(growthVars(), &budget)
			if err == nil || err.Error() != "a value grows too large" {
				t.Errorf("want it refused, got %v", err)
			}
		})
	}
}
