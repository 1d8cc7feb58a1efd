package fn

import (
	"context"
	"testing"

	"github.com/velero-krm/velero-krm/krm"
)

// item makes an item from JSON.
func item(tb testing.TB, raw string) *krm.Item {
	tb.Helper()
	it, err := krm.NewItem([]byte(raw))
	if err != nil {
		tb.Fatal(err)
	}
	return it
}

// config makes a functionConfig from YAML.
func config(tb testing.TB, text string) *krm.Item {
	tb.Helper()
	it, err := krm.ParseConfig([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	return it
}

// run runs transform without config.
func run(tb testing.TB, transform func(list *List) error, items ...*krm.Item) (*krm.ResourceList, error) {
	tb.Helper()
	f := New("test", "Tests.", func(_ context.Context, _ NoConfig, list *List) error { return transform(list) })
	return f.Run(tb.Context(), &krm.ResourceList{Items: items})
}

const pod = `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web","namespace":"shop","annotations":{"a.b/c":"d"}},` +
	`"spec":{"big":9007199254740993,"exact":1.10,"flag":true,"none":null,"containers":[{"name":"a","image":"x"},7,{"name":"b"}]}}`
