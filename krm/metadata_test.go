package krm

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMetadataFaults(t *testing.T) {
	tests := map[string]struct {
		reason, metadata string
		want             []string
	}{
		"right": {
			reason: "what Kubernetes writes is right", metadata: `,"labels":{"a":"1","b":""},"annotations":{"example.com/a":"{\"b\":1}"},
				"finalizers":["a/b"],"ownerReferences":[{"uid":"u","controller":true}],"generation":3,"managedFields":[{"fieldsV1":{"f:labels":1}}]`,
		},
		"absent": {reason: "nothing there is right"},
		"empty":  {reason: "nothing in it is right", metadata: `,"labels":{},"annotations":{},"finalizers":[],"ownerReferences":[]`},
		"null":   {reason: "null stands for nothing", metadata: `,"labels":null,"annotations":null,"finalizers":null,"ownerReferences":null`},
		"label": {
			reason: "each is told", metadata: `,"labels":{"a":1,"b":"x","c":true,"d":null,"example.com/e":{"f":"g"},"h":[]}`,
			want: []string{
				"metadata.labels.a must be a string, is a number",
				"metadata.labels.c must be a string, is a boolean",
				"metadata.labels.d must be a string, is null",
				`metadata.labels["example.com/e"] must be a string, is a map`,
				"metadata.labels.h must be a string, is a list",
			},
		},
		"annotation": {
			reason: "as labels", metadata: `,"annotations":{"example":{"com/a":"x"},"n":-1.5}`,
			want: []string{"metadata.annotations.example must be a string, is a map", "metadata.annotations.n must be a string, is a number"},
		},
		"no map":     {reason: "labels are a map", metadata: `,"labels":["a"]`, want: []string{"metadata.labels must be a map, is a list"}},
		"text":       {reason: "labels are a map", metadata: `,"labels":"a=b"`, want: []string{"metadata.labels must be a map, is a string"}},
		"finalizers": {reason: "by number", metadata: `,"finalizers":["a",2]`, want: []string{"metadata.finalizers[1] must be a string, is a number"}},
		"finalizer":  {reason: "one is a list, too", metadata: `,"finalizers":"a"`, want: []string{"metadata.finalizers must be a list, is a string"}},
		"owners":     {reason: "by number", metadata: `,"ownerReferences":["a"]`, want: []string{"metadata.ownerReferences[0] must be a map, is a string"}},
		"escapes": {
			reason: "a key may be written in another way", metadata: `,"\u006cabels" : { "\u0061.b" : 1 }`,
			want: []string{`metadata.labels["a.b"] must be a string, is a number`},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			it, err := NewItem(fmt.Appendf(nil, `{"metadata":{"name":"x"%s},"labels":{"a":1},"apiVersion":"v1","kind":"A"}`, tc.metadata))
			if err != nil {
				t.Fatal(err)
			}
			// The offsets move when an annotation comes or goes.
			for what, it := range map[string]*Item{"as it came": it, "marked": it.WithAnnotation("z", "1")} {
				var got []string
				for _, f := range it.MetadataFaults() {
					got = append(got, f.Error())
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("%s, %s (-want +got):\n%s", tc.reason, what, diff)
				}
			}
		})
	}
}

// TestMetadataFaultsAreOfAField: who compares two versions of an object needs the
// parts of the path.
func TestMetadataFaultsAreOfAField(t *testing.T) {
	it, err := NewItem([]byte(`{"apiVersion":"v1","kind":"A","metadata":{"name":"x","labels":{"\u0061/b":1},"ownerReferences":"x","finalizers":[ null , "a" , [ ] ]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []FieldTypeError{
		{Path: `metadata.labels["a/b"]`, Field: "metadata.labels", Key: "a/b", Want: "string", Got: "number"},
		{Path: "metadata.ownerReferences", Field: "metadata.ownerReferences", Want: "list", Got: "string"},
		{Path: "metadata.finalizers[0]", Field: "metadata.finalizers", Want: "string", Got: "null"},
		{Path: "metadata.finalizers[2]", Field: "metadata.finalizers", Want: "string", Got: "list"},
	}
	if diff := cmp.Diff(want, it.MetadataFaults()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestMetadataFaultsWithoutMetadata(t *testing.T) {
	it, err := ParseConfig([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if faults := it.MetadataFaults(); faults != nil {
		t.Errorf("got %v", faults)
	}
}

func BenchmarkMetadataFaults(b *testing.B) {
	it, err := NewItem([]byte(`{"apiVersion":"v1","kind":"A","metadata":{"name":"x","namespace":"y","uid":"b1a4d9c0-8d4e-4c55-9d5d-1d3c2e6a0f11",
		"labels":{"app":"shop","team":"blue","app.kubernetes.io/name":"shop"},"annotations":{"example.com/a":"x","example.com/b":"y"},
		"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"x","uid":"b1a4d9c0"}]},"spec":{"replicas":1}}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if it.MetadataFaults() != nil {
			b.Fatal("faults")
		}
	}
}
