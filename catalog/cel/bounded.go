package cel

import (
	"errors"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/interpreter"
)

// maxText bounds the text that one call makes, in bytes: the API server takes
// objects of up to 3 MiB.
const maxText = 16 << 20

var (
	errGrows = errors.New("grows too large")
	// errPairs has the words by which the limit of cel-go is known.
	errPairs = errors.New("actual cost limit exceeded")
)

// boundCalls replaces the functions of which one call can take all there is.
// cel-go counts what a call cost when the call has returned: by then
// lists.range(1000000000), or a text of 1 MB in the place of each byte of
// another, has taken all memory, and what compares all elements of two lists of
// an object with each other has taken hours.
func boundCalls() cel.ProgramOption {
	return cel.CustomDecorator(func(i interpreter.Interpretable) (interpreter.Interpretable, error) {
		call, ok := i.(interpreter.InterpretableCall)
		if !ok {
			return i, nil
		}
		switch call.Function() {
		case "lists.range":
			return bounded{call, boundedRange}, nil
		case "replace":
			return bounded{call, boundedReplace}, nil
		case "join":
			return bounded{call, boundedJoin}, nil
		case "sets.contains", "sets.intersects", "sets.equivalent":
			return bounded{call, boundedSets(call.Function())}, nil
		case "distinct":
			return bounded{call, boundedDistinct}, nil
		}
		return i, nil
	})
}

// bounded is a call that is done by do, which is asked nothing but what the
// function was declared for: it may refuse anything else.
type bounded struct {
	interpreter.InterpretableCall
	do func(args []ref.Val) ref.Val
}

// Eval evaluates the call.
func (b bounded) Eval(vars interpreter.Activation) ref.Val {
	args := make([]ref.Val, len(b.Args()))
	for i, arg := range b.Args() {
		args[i] = arg.Eval(vars)
		if types.IsUnknownOrError(args[i]) {
			return args[i]
		}
	}
	return b.do(args)
}

func boundedRange(args []ref.Val) ref.Val {
	n, ok := args[0].(types.Int)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	if n > maxValue {
		return types.WrapErr(errGrows)
	}
	list := make([]ref.Val, max(0, int(n)))
	for i := range list {
		list[i] = types.Int(i)
	}
	return types.DefaultTypeAdapter.NativeToValue(list)
}

func boundedReplace(args []ref.Val) ref.Val {
	var texts [3]string
	for i := range texts {
		s, ok := args[i].(types.String)
		if !ok {
			return types.MaybeNoSuchOverloadErr(args[i])
		}
		texts[i] = string(s)
	}
	limit := -1
	if len(args) > len(texts) {
		n, ok := args[len(texts)].(types.Int)
		if !ok {
			return types.MaybeNoSuchOverloadErr(args[len(texts)])
		}
		limit = int(n)
	}
	text, old, replacement := texts[0], texts[1], texts[2]
	times := strings.Count(text, old)
	if limit >= 0 {
		times = min(times, limit)
	}
	if len(replacement) > 0 && times > maxText/len(replacement) {
		return types.WrapErr(errGrows)
	}
	return types.String(strings.Replace(text, old, replacement, limit))
}

func boundedJoin(args []ref.Val) ref.Val {
	list, ok := args[0].(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	separator := types.String("")
	if len(args) > 1 {
		if separator, ok = args[1].(types.String); !ok {
			return types.MaybeNoSuchOverloadErr(args[1])
		}
	}
	var b strings.Builder
	for it := list.Iterator(); it.HasNext() == types.True; {
		s, ok := it.Next().(types.String)
		if !ok {
			return types.NewErr("no such overload")
		}
		if b.Len()+len(s)+len(separator) > maxText {
			return types.WrapErr(errGrows)
		}
		b.WriteString(string(s))
		if it.HasNext() == types.True {
			b.WriteString(string(separator))
		}
	}
	return types.String(b.String())
}

// boundedSets compares two lists by a function of sets.
func boundedSets(function string) func([]ref.Val) ref.Val {
	return func(args []ref.Val) ref.Val {
		a, okA := args[0].(traits.Lister)
		b, okB := args[1].(traits.Lister)
		if !okA || !okB {
			return types.NewErr("no such overload")
		}
		if length(a)*length(b) > maxCost {
			return types.WrapErr(errPairs)
		}
		switch function {
		case "sets.intersects":
			return intersects(a, b)
		case "sets.equivalent":
			return types.Bool(containsAll(a, b) == types.True && containsAll(b, a) == types.True)
		}
		return containsAll(a, b)
	}
}

func length(list traits.Lister) int {
	n, _ := list.Size().(types.Int)
	return int(n)
}

func containsAll(list, sub traits.Lister) ref.Val {
	for it := sub.Iterator(); it.HasNext() == types.True; {
		if list.Contains(it.Next()) != types.True {
			return types.False
		}
	}
	return types.True
}

func intersects(a, b traits.Lister) ref.Val {
	for it := a.Iterator(); it.HasNext() == types.True; {
		if b.Contains(it.Next()) == types.True {
			return types.True
		}
	}
	return types.False
}

// boundedDistinct keeps the first of equal elements.
func boundedDistinct(args []ref.Val) ref.Val {
	list, ok := args[0].(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(args[0])
	}
	if n := length(list); n*n/2 > maxCost {
		return types.WrapErr(errPairs)
	}
	var kept []ref.Val
	for it := list.Iterator(); it.HasNext() == types.True; {
		v := it.Next()
		if !slices.ContainsFunc(kept, func(k ref.Val) bool { return v.Equal(k) == types.True }) {
			kept = append(kept, v)
		}
	}
	return types.DefaultTypeAdapter.NativeToValue(kept)
}
