package cel

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// FuzzExpression evaluates whatever expression for whatever object: nothing
// panics, a bad expression is a config error, and what goes in stays.
func FuzzExpression(f *testing.F) {
	const object = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a":"b"}},"spec":{"n":9007199254740993,"x":1.50,"list":[1,"a",null,{"k":true}]}}`
	for _, seed := range []string{
		"object.spec.n + 1", "object.spec.list.map(x, string(x))", `object.?spec.?none.orValue({"a": [1.5, -0.0]})`, "object", "value",
		`timestamp("2026-01-01T00:00:00Z") + duration("1h")`, `"%s %d".format([object.spec.x, 5])`, `object.metadata.labels["a"].split("")`,
		"object.spec.list.all(a, object.spec.list.exists(b, a == b))", `base64.encode(b"x")`, "{object.kind: object.spec.list[3]}", "optional.of(1)", "type(object)", "9223372036854775807 + 1",
	} {
		f.Add(seed, []byte(object))
	}
	f.Fuzz(func(t *testing.T, source string, object []byte) {
		item, err := krm.NewItem(object)
		if err != nil {
			return
		}
		text, err := json.Marshal(source)
		if err != nil {
			return
		}
		config, err := krm.ParseConfig([]byte(`{"apiVersion":"velero-krm.io/v1alpha1","kind":"Cel","spec":{"rules":[{"set":{"spec.value":` + string(text) + `,"spec.list[*]":` + string(text) + `}}]}}`))
		if err != nil {
			return
		}
		raw := string(item.Raw())
		_, err = Function().Run(t.Context(), &krm.ResourceList{FunctionConfig: config, Items: []*krm.Item{item}})
		var ce *fn.ConfigError
		var re *fn.RunError
		if err != nil && !errors.As(err, &ce) && !errors.As(err, &re) {
			t.Fatalf("got %v, want a ConfigError or RunError", err)
		}
		if string(item.Raw()) != raw {
			t.Fatal("the input changed")
		}
	})
}
