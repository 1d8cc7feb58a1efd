package krm_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// An object that was JSON before crosses to a function and back unchanged.
func Example() {
	item, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	stdin := krm.AppendResourceList(nil, &krm.ResourceList{Items: []*krm.Item{item}})

	stdout := stdin // a function that changes nothing
	list, err := krm.Decode(stdout, krm.DecodeOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(list.Items[0].Identity())
	// Output: ConfigMap shop/c
}

func ExampleDecode() {
	stdout := `apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web}
  spec: {type: ClusterIP}
results:
- message: type changed
  severity: warning
`
	list, err := krm.Decode([]byte(stdout), krm.DecodeOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", list.Items[0].Raw())
	fmt.Println(list.Results[0].Severity, list.Results[0].Message)
	// Output:
	// {"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"type":"ClusterIP"}}
	// warning type changed
}

func ExampleDecode_logLine() {
	stdout := "starting up\n" + `{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[]}`
	_, err := krm.Decode([]byte(stdout), krm.DecodeOptions{})
	fmt.Println(err)
	// Output: decode resource list: line 1: text before the ResourceList on stdout: write log lines to stderr
}

func ExampleReadItems() {
	file := "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n" +
		"---\n{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"b\"}}\n"
	items, err := krm.ReadItems(strings.NewReader(file), "secrets.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, it := range items {
		fmt.Println(it.Identity())
	}
	// Output:
	// Secret a
	// Secret b
}

func ExampleWriteYAML() {
	item, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"enabled":"yes","doc":"a: 1\n---\nb: 2\n"}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := krm.WriteYAML(os.Stdout, []*krm.Item{item}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// apiVersion: v1
	// kind: ConfigMap
	// metadata:
	//   name: c
	// data:
	//   enabled: "yes"
	//   doc: |
	//     a: 1
	//     ---
	//     b: 2
}

func ExampleDiff() {
	before, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"data":{"password":"eA=="}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	after, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","labels":{"a":"b"}},"data":{"password":"eQ=="}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range krm.Diff(before, after) {
		if c.Path == "data.password" { // hashes, which differ from run to run
			fmt.Println(c.Path, c.Before == krm.HashSecret("eA=="), c.After == krm.HashSecret("eQ=="))
			continue
		}
		fmt.Println(c.Path, c.Before, c.After)
	}
	// Output:
	// data.password true true
	// metadata.labels <nil> map[a:b]
}

// A restore on a stock server gives a plugin an object that the server has
// stripped already. A function ran on the object as it is in the backup; its
// change is carried over.
func ExampleCarry() {
	item := func(raw string) *krm.Item {
		it, err := krm.NewItem([]byte(raw))
		if err != nil {
			panic(err)
		}
		return it
	}
	backup := item(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"1"},"spec":{"image":"a"},"status":{"phase":"Running"}}`)
	changed := item(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","uid":"1"},"spec":{"image":"b"},"status":{"phase":"Running"}}`)
	stripped := item(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"image":"a"}}`)
	merged, err := krm.Carry(backup, changed, stripped)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", merged.Raw())
	// Output: {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"image":"b"}}
}
