package cel

import (
	"slices"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/velero-krm/velero-krm/internal/objectmeta"
)

// texts reports which type a field has by its path: text for a label or an
// annotation, of the object or of a template in it, mapOfTexts for all labels
// or annotations, anything for every other field. A value of another type makes
// Velero lose all of them, or the API server refuse the object.
func texts(keys []string) kind {
	n := len(keys)
	if n >= 2 && holdsTexts(keys) {
		return mapOfTexts
	}
	if n >= 3 && holdsTexts(keys[:n-1]) {
		return text
	}
	return anything
}

// holdsTexts reports whether keys lead to metadata.labels or
// metadata.annotations of the object or of a template in it. What else is called
// metadata may hold anything.
func holdsTexts(keys []string) bool {
	owner, last := keys[:len(keys)-2], keys[len(keys)-2:]
	return last[0] == "metadata" && (last[1] == "labels" || last[1] == "annotations") &&
		(len(owner) == 0 || objectmeta.Below(owner[len(owner)-1], false))
}

// gives reports whether an expression of type out may give a value of the kind.
func (k kind) gives(out *cel.Type) bool {
	if out.Kind() == types.DynKind || k == anything {
		return true
	}
	switch k {
	case boolean:
		return out.Kind() == types.BoolKind
	case text:
		return out.Kind() == types.StringKind
	default:
		return out.Kind() == types.MapKind && text.gives(out.Parameters()[1])
	}
}

// setTo is gives for the value of a field: optional values may be none, and
// times are written as texts.
func (k kind) setTo(out *cel.Type) bool {
	if out.TypeName() == "optional_type" && len(out.Parameters()) == 1 {
		return k.setTo(out.Parameters()[0])
	}
	if k == text && (out.Kind() == types.TimestampKind || out.Kind() == types.DurationKind) {
		return true
	}
	return k.gives(out)
}

// typeOfField is the type of an expression that is a field of the object and
// nothing else, as object.kind or object.metadata.labels["a"], as far as every
// object has it of that type; of any other, the type that the compiler found.
func typeOfField(checked *cel.Ast) *cel.Type {
	switch keys := fieldKeys(checked.NativeRep().Expr()); {
	case slices.ContainsFunc(identity[:], func(id []string) bool { return slices.Equal(id, keys) }), texts(keys) == text:
		return cel.StringType
	case slices.Equal(keys, []string{"metadata"}), texts(keys) == mapOfTexts:
		return cel.MapType(cel.StringType, cel.DynType)
	}
	return checked.OutputType()
}

// fieldKeys returns the keys that lead from the object to the field that an
// expression is; nil for any other expression.
func fieldKeys(e ast.Expr) []string {
	var operand ast.Expr
	var key string
	switch e.Kind() {
	case ast.SelectKind:
		if e.AsSelect().IsTestOnly() {
			return nil
		}
		operand, key = e.AsSelect().Operand(), e.AsSelect().FieldName()
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return nil
		}
		literal, ok := call.Args()[1].AsLiteral().(types.String)
		if !ok {
			return nil
		}
		operand, key = call.Args()[0], string(literal)
	default:
		return nil
	}
	if operand.Kind() == ast.IdentKind && operand.AsIdent() == varObject {
		return []string{key}
	}
	if keys := fieldKeys(operand); keys != nil {
		return append(keys, key)
	}
	return nil
}

// holds reports whether a value, of the types of krm.Item.Object, is of the
// kind, as far as it is one of a field.
func (k kind) holds(value any) bool {
	switch k {
	case text:
		_, ok := value.(string)
		return ok
	case mapOfTexts:
		all, ok := value.(map[string]any)
		for _, v := range all {
			ok = ok && text.holds(v)
		}
		return ok || value == nil
	case anything, boolean:
	}
	return true
}
