package cel

import (
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
)

// maxCheap is the size of an expression, in bytes, that may be cheap.
const maxCheap = 2 << 10

// cheapFunctions take at most one look at their operands, and what they make
// is no larger than these together.
var cheapFunctions = []string{ //nolint:gochecknoglobals // a constant list
	operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.Negate,
	operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals,
	operators.Add, operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo,
	operators.In, operators.Index, operators.OptIndex, operators.OptSelect,
	"size", "contains", "startsWith", "endsWith", "string", "int", "uint", "double", "bool", "dyn",
	"orValue", "or", "hasValue", "value", "optional.of", "optional.none", "optional.ofNonZeroValue",
}

// cheap reports whether an expression costs little whatever the object: it has
// no loop and calls nothing that makes its operands grow by more than their
// sum, so that its size and that of the object bound it. To count what an
// evaluation costs takes three times as long as most of them (2.0 instead of
// 1.3 times what decoding and encoding takes, 2026-11-22), so it is not done
// for these.
func cheap(source string, checked *cel.Ast) bool {
	if len(source) > maxCheap {
		return false
	}
	ok := true
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.ComprehensionKind:
			ok = false
		case ast.CallKind:
			ok = ok && slices.Contains(cheapFunctions, e.AsCall().FunctionName())
		default:
		}
	}))
	return ok
}
