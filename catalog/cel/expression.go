package cel

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"

	"github.com/velero-krm/velero-krm/fn"
)

const (
	// maxCost of one evaluation, in the units of cel-go. It is what the API
	// server grants one expression of an admission policy
	// (k8s.io/apiserver/pkg/apis/cel, PerCallLimit).
	maxCost = 1_000_000
	// maxObjectCost of all evaluations for one object, so that the cost of a list
	// is bounded by its length (RuntimeCELCostBudget there).
	maxObjectCost = 10_000_000
	// maxExpression is the size of one expression, in characters.
	maxExpression = 32 << 10
)

// Variables of expressions.
const (
	varObject  = "object"
	varValue   = "value"
	varPhase   = "phase"
	varContext = "context"
)

// kind is what an expression must give.
type kind int

const (
	anything kind = iota
	boolean
	text
	mapOfTexts
)

func (k kind) String() string { return [...]string{"any", "bool", "string", "map(string, string)"}[k] }

// environment is what expressions see. It is a constant that takes some
// milliseconds to make, so it is made when the first expression is read.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable(varObject, cel.DynType), cel.Variable(varValue, cel.DynType),
		cel.Variable(varPhase, cel.StringType), cel.Variable(varContext, cel.DynType),
		cel.CustomTypeAdapter(adapter{types.DefaultTypeAdapter}),
		cel.OptionalTypes(), cel.CrossTypeNumericComparisons(true), cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(100),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateDurationLiterals(), cel.ValidateTimestampLiterals()),
		ext.Strings(ext.StringsVersion(4)), ext.Encoders(), ext.Lists(), ext.Math(), ext.Sets(),
	)
})

// adapter knows numbers that are no int64 as krm.Item.Object has them.
type adapter struct{ types.Adapter }

// NativeToValue turns a value of an object into one of an expression.
func (a adapter) NativeToValue(value any) ref.Val {
	switch v := value.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return types.NewErr("a number is too large")
		}
		return types.Double(f)
	case map[string]any:
		return types.NewStringInterfaceMap(a, v)
	case []any:
		return types.NewDynamicList(a, v)
	}
	return a.Adapter.NativeToValue(value)
}

// expression is one ready for use. It may be used by several goroutines.
type expression struct {
	source  string
	program cel.Program
	// needsRun is true when it uses phase or context.
	needsRun bool
}

// compiler collects what is wrong with expressions.
type compiler struct {
	env  *cel.Env
	errs []error
}

func (b *compiler) problem(at, reason, hint string) {
	b.errs = append(b.errs, fn.Invalid(at, reason, hint))
}

// syntaxHint says what to write instead where the parser's message, which names
// its tokens, tells a common slip.
func syntaxHint(message string) string {
	for _, slip := range [][2]string{
		{"token recognition error at: '=", "compare with =="},
		{"token recognition error at: '\"", "close the quotation mark"},
		{"token recognition error at: ''", "close the quotation mark"},
		{"mismatched input 'and'", "write && for and"},
		{"mismatched input 'or'", "write || for or"},
		{"mismatched input '<EOF>'", "something is missing at the end"},
	} {
		if strings.Contains(message, slip[0]) {
			return slip[1]
		}
	}
	return ""
}

// compile compiles an expression that must give a value of a kind.
func (b *compiler) compile(source string, want kind, at string) *expression {
	return b.compileFor(source, at, func(checked *cel.Ast) (reason, hint string) {
		out := typeOfField(checked)
		if want.gives(out) {
			return "", ""
		}
		if want == boolean && out.Kind() == types.StringKind {
			hint = "compare it, as in object.kind == \"Pod\""
		}
		return "gives a " + out.String() + " where a " + want.String() + " is needed", hint
	})
}

// compileValue compiles the value of a field of a kind.
func (b *compiler) compileValue(source string, want kind, at string) *expression {
	return b.compileFor(source, at, func(checked *cel.Ast) (reason, hint string) {
		out := checked.OutputType()
		if want.setTo(out) {
			return "", ""
		}
		hint = `"1" is the number and '"1"' the text; string() makes a text of a number`
		return "gives a " + out.String() + ", and labels and annotations are texts", hint
	})
}

// compileFor compiles an expression whose type fits: otherwise fits gives a
// reason, and perhaps a hint.
func (b *compiler) compileFor(source, at string, fits func(checked *cel.Ast) (reason, hint string)) *expression {
	ast, issues := b.env.Compile(source)
	if issues.Err() != nil {
		e := issues.Errors()[0]
		b.problem(at, fmt.Sprintf("line %d, column %d: %s", e.Location.Line(), e.Location.Column()+1, shorten(e.Message)), syntaxHint(e.Message))
		return nil
	}
	if reason, hint := fits(ast); reason != "" {
		b.problem(at, reason, hint)
		return nil
	}
	options := []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize)}
	if !cheap(source, ast) {
		options = []cel.ProgramOption{cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost), cel.CostLimit(maxCost), boundCalls()}
	}
	program, err := b.env.Program(ast, options...)
	if err != nil {
		b.problem(at, "cannot be used: "+shorten(err.Error()), "")
		return nil
	}
	e := &expression{source: source, program: program}
	for _, r := range ast.NativeRep().ReferenceMap() {
		e.needsRun = e.needsRun || r.Name == varPhase || r.Name == varContext
	}
	return e
}

// run evaluates an expression and takes its cost off the budget.
func (e *expression) run(vars map[string]any, budget *uint64) (ref.Val, error) {
	out, details, err := e.program.Eval(vars)
	if details != nil && details.ActualCost() != nil {
		cost := *details.ActualCost()
		if cost > *budget {
			return nil, errors.New("the expressions for one object cost more than they may: make them simpler")
		}
		*budget -= cost
	}
	if err != nil {
		return nil, e.explain(err)
	}
	return out, nil
}

// explain says what went wrong without any value of the object: the messages
// of cel-go hold values, as the text that int() could not read.
func (e *expression) explain(err error) error {
	message := err.Error()
	if key, ok := strings.CutPrefix(message, "no such key: "); ok {
		// A key that stands in the expression is none of the object's secrets.
		if strings.Contains(e.source, key) {
			return fmt.Errorf("there is no field %s: ask by has() or write it with .?", key)
		}
		return errors.New("a field is not there")
	}
	for _, known := range [...]struct{ part, reason string }{
		{"no such overload", "a value is of a type that the expression is not for"},
		{errGrows.Error(), "a value grows too large"},
		{"cost limit exceeded", "the expression costs more than it may"},
		{"index out of bounds", "a list has no such element"},
		{"division by zero", "division by zero"},
		{"modulus by zero", "division by zero"},
		{"integer overflow", "a number is too large"},
		{"range error", "a number is too large"},
		{"type conversion error", "a value cannot be converted"},
		{"optional.none() dereference", "an optional value is not there"},
	} {
		if strings.Contains(message, known.part) {
			return errors.New(known.reason)
		}
	}
	return errors.New("the expression cannot be evaluated for this object")
}

// truth is run for a bool.
func (e *expression) truth(vars map[string]any, budget *uint64) (bool, error) {
	out, err := e.run(vars, budget)
	if err != nil {
		return false, err
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, errors.New("must give a bool, gives a " + typeOf(out))
	}
	return bool(b), nil
}

func typeOf(v ref.Val) string { return v.Type().TypeName() }

// maxValue bounds the parts of a value that an expression makes.
const maxValue = 1 << 17

// converter turns the value of an expression into one of an object.
type converter struct{ left int }

// native returns a value of the types of krm.Item.Object, which shares nothing
// with v.
func (c *converter) native(v ref.Val) (any, error) {
	if c.left--; c.left < 0 {
		return nil, errors.New("gives too large a value")
	}
	switch v := v.(type) {
	case types.Null:
		return nil, nil
	case types.Bool:
		return bool(v), nil
	case types.Int:
		return int64(v), nil
	case types.Uint:
		if v > math.MaxInt64 {
			return json.Number(fmt.Sprint(uint64(v))), nil
		}
		return int64(v), nil
	case types.Double:
		return fromDouble(float64(v))
	case types.String:
		return string(v), nil
	case types.Bytes:
		return nil, errors.New("gives bytes: use base64.encode()")
	case types.Timestamp, types.Duration:
		s, ok := v.ConvertToType(types.StringType).(types.String)
		if !ok {
			return nil, errors.New("gives a time that has no text")
		}
		return string(s), nil
	}
	return c.container(v)
}

func fromDouble(f float64) (any, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, errors.New("gives a number that JSON does not have")
	}
	if i := int64(f); float64(i) == f && math.Abs(f) < 1<<53 {
		return i, nil
	}
	raw, err := json.Marshal(f)
	return json.Number(raw), err
}
