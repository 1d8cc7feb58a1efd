package fn_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

func TestMissing(t *testing.T) {
	item, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{"a.b/c":""}},` +
		`"spec":{"null":null,"text":"x","none":[],"containers":[{"name":"web","image":"a"},{"name":"db"},null,5]}}`))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		want   []string
		reason string
	}{
		"spec.text":                      {nil, "it is there"},
		`metadata.labels["a.b/c"]`:       {nil, "empty text is there"},
		"spec.null":                      {[]string{"spec.null"}, "null is not there"},
		"spec.other.deeper":              {[]string{"spec.other"}, "the first that is missing is told"},
		"spec.text.deeper":               {[]string{"spec.text.deeper"}, "text has no fields"},
		"spec.containers.deeper":         {[]string{"spec.containers.deeper"}, "a list has no keys"},
		"spec.containers[0].image":       {nil, "it is there"},
		"spec.containers[9].image":       {[]string{"spec.containers[9]"}, "there is no such element"},
		"spec.containers[name=web]":      {nil, "it is there"},
		"spec.containers[name=x].image":  {[]string{`spec.containers[name="x"]`}, "no element has that name"},
		"spec.containers[name=db].image": {[]string{"spec.containers[1].image"}, "the element lacks it"},
		"spec.containers[*].image":       {[]string{"spec.containers[1].image", "spec.containers[2]", "spec.containers[3].image"}, "every element must have it"},
		"spec.none[*].image":             {nil, "there is nothing to check"},
		"spec.text[*].image":             {[]string{"spec.text[*]"}, "text has no elements"},
		"spec.other[*].image":            {[]string{"spec.other"}, "without a list there are no elements"},
	}
	f := fn.New("look", "Looks.", func(_ context.Context, _ fn.NoConfig, list *fn.List) error {
		for path, tc := range tests {
			p, err := fn.ParsePath(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, list.Objects[0].Missing(p)); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", path, tc.reason, diff)
			}
		}
		return nil
	})
	if _, err := f.Run(t.Context(), &krm.ResourceList{Items: []*krm.Item{item}}); err != nil {
		t.Fatal(err)
	}
}
