package fn

import (
	"context"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

// item makes an item from JSON.
func item(t testing.TB, raw string) *krm.Item {
	t.Helper()
	it, err := krm.NewItem([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// config makes a functionConfig from YAML.
func config(t testing.TB, text string) *krm.Item {
	t.Helper()
	it, err := krm.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// run runs transform without config.
func run(t testing.TB, transform func(list *List) error, items ...*krm.Item) (*krm.ResourceList, error) {
	t.Helper()
	f := New("test", "Tests.", func(_ context.Context, _ NoConfig, list *List) error { return transform(list) })
	return f.Run(t.Context(), &krm.ResourceList{Items: items})
}

const pod = `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","annotations":{"a.b/c":"d"}},` +
	`"spec":{"big":9007199254740993,"exact":1.10,"flag":true,"none":null,"containers":[{"name":"a","image":"x"},7,{"name":"b"}]}}`
