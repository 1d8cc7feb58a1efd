package krm

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mustItem returns the item of raw.
func mustItem(tb testing.TB, raw string) *Item {
	tb.Helper()
	it, err := NewItem([]byte(raw))
	if err != nil {
		tb.Fatalf("%v in %s", err, raw)
	}
	return it
}

func TestDiff(t *testing.T) {
	both := func(path string, before, after any) FieldChange {
		return FieldChange{Path: path, Before: before, After: after, HasBefore: true, HasAfter: true}
	}
	cases := map[string]struct {
		reason, before, after string
		want                  []FieldChange
	}{
		"Same":     {"nothing changed", `{"a":1}`, `{ "a" : 1.0 }`, nil},
		"Scalar":   {"a value", `{"a":1}`, `{"a":"1"}`, []FieldChange{both("v.a", int64(1), "1")}},
		"Added":    {"a whole mapping", `{}`, `{"a":{"b":1}}`, []FieldChange{{Path: "v.a", After: map[string]any{"b": int64(1)}, HasAfter: true}}},
		"Removed":  {"null is a value", `{"a":null}`, `{}`, []FieldChange{{Path: "v.a", HasBefore: true}}},
		"ToNull":   {"null is a value", `{"a":1}`, `{"a":null}`, []FieldChange{both("v.a", int64(1), nil)}},
		"Type":     {"mapping to list", `{"a":{}}`, `{"a":[]}`, []FieldChange{both("v.a", map[string]any{}, []any{})}},
		"Dots":     {"keys with dots are quoted", `{"openshift.io/host":"a"}`, `{"openshift.io/host":"b"}`, []FieldChange{both(`v["openshift.io/host"]`, "a", "b")}},
		"OddKeys":  {"quotes and nothing", `{"a\"b":1,"":1}`, `{"a\"b":2,"":2}`, []FieldChange{both(`v[""]`, int64(1), int64(2)), both(`v["a\"b"]`, int64(1), int64(2))}},
		"List":     {"by index", `[{"image":"a"},1]`, `[{"image":"b"},1,2]`, []FieldChange{both("v[0].image", "a", "b"), {Path: "v[2]", After: int64(2), HasAfter: true}}},
		"Shorter":  {"by index", `[1,2]`, `[1]`, []FieldChange{{Path: "v[1]", Before: int64(2), HasBefore: true}}},
		"Sorted":   {"keys sorted, indexes by number", `{"b":1,"a":[0,0,0,0,0,0,0,0,0,0,0]}`, `{"a":[0,0,1,0,0,0,0,0,0,0,1],"b":2}`, []FieldChange{both("v.a[2]", int64(0), int64(1)), both("v.a[10]", int64(0), int64(1)), both("v.b", int64(1), int64(2))}},
		"Integers": {"beyond float64", `9007199254740992`, `9007199254740993`, []FieldChange{both("v", int64(9007199254740992), int64(9007199254740993))}},
		"Numbers":  {"digits are kept", `1.0`, `1e400`, []FieldChange{both("v", json.Number("1.0"), json.Number("1e400"))}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := Diff(mustItem(t, object(tc.before)), mustItem(t, object(tc.after)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// secret returns a Secret with these fields.
func secret(t *testing.T, fields string) *Item {
	t.Helper()
	return mustItem(t, `{"apiVersion":"v1","kind":"Secret",`+fields+`}`)
}

func TestDiffHidesSecrets(t *testing.T) {
	const meta = `"metadata":{"name":"x"}`
	applied := `"metadata":{"name":"x","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":\"HIDE1\"}","n":"shown"}}`
	cases := map[string]struct {
		reason, before, after string
		paths                 []string
	}{
		"Value":      {"a value", meta + `,"data":{"a":"HIDE1","b":"HIDE3"}`, meta + `,"data":{"a":"HIDE2","b":"HIDE3"}`, []string{"data.a"}},
		"Added":      {"the whole mapping", meta, meta + `,"data":{"a":"HIDE1"},"stringData":{"b":"HIDE2"}`, []string{"data", "stringData"}},
		"ToNull":     {"data goes", meta + `,"data":{"a":"HIDE1"}`, meta + `,"data":null`, []string{"data"}},
		"WrongType":  {"no mapping", meta + `,"data":"HIDE1"`, meta + `,"data":["HIDE2"]`, []string{"data"}},
		"Nested":     {"values that are no strings", meta + `,"data":{"a":{"b":"HIDE1"}}`, meta + `,"data":{"a":{"b":"HIDE2"}}`, []string{"data.a"}},
		"Token":      {"OpenShift keeps a token in an annotation", `"metadata":{"name":"x","annotations":{"openshift.io/token-secret.value":"HIDE1","k":"a"}}`, `"metadata":{"name":"x","annotations":{"openshift.io/token-secret.value":"HIDE2","k":"a"}}`, []string{`metadata.annotations["openshift.io/token-secret.value"]`}},
		"Moved":      {"a function moved it to where no field is", meta + `,"data":{"a":"HIDE1"}`, meta + `,"Data":{"a":"HIDE1"},"spec":"HIDE2"`, []string{"Data", "data", "spec"}},
		"Annotation": {"kubectl's copy of the object", meta, applied, []string{"metadata.annotations"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			changes := Diff(secret(t, tc.before), secret(t, tc.after))
			text, err := json.Marshal(changes)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(text), "HIDE") {
				t.Errorf("%s: a value shows: %s", tc.reason, text)
			}
			var paths []string
			for _, c := range changes {
				paths = append(paths, c.Path)
			}
			if diff := cmp.Diff(tc.paths, paths); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	got := Diff(secret(t, meta+`,"data":{"a":"x"}`), secret(t, meta+`,"data":{"a":"y"}`))
	want := []FieldChange{{Path: "data.a", Before: HashSecret("x"), After: HashSecret("y"), HasBefore: true, HasAfter: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestHashSecret: equal values show equal hashes, and nobody can compute them.
func TestHashSecret(t *testing.T) {
	form := regexp.MustCompile(`^hmac:[0-9a-f]{12}$`)
	values := []any{"x", "y", "1", int64(1), json.Number("1.5"), map[string]any{"a": "x"}, []any{"x"}, true, struct{ A int }{3}}
	seen := map[any]bool{}
	for _, v := range values {
		hash := HashSecret(v)
		if text, ok := hash.(string); !ok || !form.MatchString(text) || hash != HashSecret(v) || seen[hash] {
			t.Errorf("the hash of %v is %v", v, hash)
		}
		seen[hash] = true
	}
	sum := sha256.Sum256([]byte("x"))
	if text, _ := HashSecret("x").(string); strings.Contains(text, hex.EncodeToString(sum[:6])) {
		t.Errorf("%s can be computed by everyone", text)
	}
	if HashSecret(nil) != nil {
		t.Error("nothing has a hash")
	}
}

func TestDiffHidesWhatBecomesASecret(t *testing.T) {
	before := mustItem(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"HIDE1"}}`)
	after := secret(t, `"metadata":{"name":"x"},"data":{"a":"HIDE2"}`)
	for _, c := range append(Diff(before, after), Diff(after, before)...) {
		if text, _ := json.Marshal(c); strings.Contains(string(text), "HIDE") {
			t.Errorf("a value shows: %s", text)
		}
	}
}

func TestDiffHidesSecretsInsideOthers(t *testing.T) {
	template := func(annotation, objects string) *Item {
		return mustItem(t, `{"apiVersion":"template.openshift.io/v1","kind":"Template","metadata":{"name":"x","annotations":{"a":"`+annotation+`"}},"objects":[`+objects+`]}`)
	}
	secret := func(value string) string {
		return `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","annotations":{"a":"` + value + `"}},"data":{"a":"` + value + `"},"stringData":{"b":"` + value + `"}}`
	}
	odd := template("HIDE0", `{"kind":"Secret","metadata":{"name":"s"},"Data":{"a":"HIDE1"},"spec":"HIDE2"},{"kind":"Secret","Data":{"a":"HIDE1"},"data":"HIDE2"}`)
	if text, err := json.Marshal(Diff(odd, template("HIDE3", ""))); err != nil || strings.Contains(string(text), "HIDE") {
		t.Errorf("other fields: a value shows: %s, %v", text, err)
	}
	for name, after := range map[string]*Item{"changed": template("HIDE3", secret("HIDE2")), "removed": template("HIDE3", "")} {
		changes := Diff(template("HIDE0", secret("HIDE1")), after)
		text, err := json.Marshal(changes)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 || strings.Contains(string(text), "HIDE1") || strings.Contains(string(text), "HIDE2") || strings.Contains(string(text), "HIDE0") {
			t.Errorf("%s: a value shows, or no change: %s", name, text)
		}
	}
	reference := func(name string) *Item {
		return mustItem(t, `{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"spec":{"ref":{"kind":"Secret","name":"`+name+`"}}}`)
	}
	got := Diff(reference("a"), reference("b"))
	want := []FieldChange{{Path: "spec.ref.name", Before: "a", After: "b", HasBefore: true, HasAfter: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a reference is no secret: -want +got:\n%s", diff)
	}
}

func TestDiffLists(t *testing.T) {
	item := func(name, v string) *Item {
		return mustItem(t, `{"apiVersion":"v1","kind":"A","metadata":{"name":"`+name+`"},"v":`+v+`}`)
	}
	before := []*Item{item("a", "1"), item("b", "1"), item("dup", "1"), item("dup", "2"), item("gone", "1"), item("dup", "3")}
	after := []*Item{item("new", "1"), item("dup", "1"), item("b", "2"), item("dup", "9"), item("a", "1.0")}
	got := DiffLists(before, after)
	want := ListDiff{
		Unchanged: []*Item{after[1], after[4]},
		Changed: []ItemChange{
			{Before: before[1], After: after[2], Fields: Diff(before[1], after[2])},
			{Before: before[3], After: after[3], Fields: Diff(before[3], after[3])},
		},
		Added:   []*Item{after[0]},
		Removed: []*Item{before[4], before[5]},
	}
	same := cmp.Comparer(func(a, b *Item) bool { return a == b })
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestCarry(t *testing.T) {
	cases := map[string]struct{ reason, base, changed, onto, want string }{
		"Nothing":         {"no change", `{"a":1}`, `{"a":1.0}`, `{"b":1}`, `{"b":1}`},
		"Untouched":       {"onto is the base", `{"a":1}`, `{"a":2}`, `{"a":1.0}`, `{"a":2}`},
		"SameChange":      {"both made it", `{"a":1}`, `{"a":2}`, `{"a":2,"b":1}`, `{"a":2,"b":1}`},
		"Value":           {"next to what onto dropped", `{"a":1,"status":{"s":1}}`, `{"a":2,"status":{"s":1}}`, `{"a":1}`, `{"a":2}`},
		"OntoStays":       {"what onto changed itself", `{"a":1,"b":1}`, `{"a":2,"b":1}`, `{"a":1,"b":3,"c":4}`, `{"a":2,"b":3,"c":4}`},
		"Added":           {"a new field", `{"m":{}}`, `{"m":{"k":"v"}}`, `{"m":{},"o":1}`, `{"m":{"k":"v"},"o":1}`},
		"Removed":         {"a field goes", `{"a":1,"b":{"c":1}}`, `{"a":1}`, `{"b":{"c":1},"o":1,"a":1}`, `{"a":1,"o":1}`},
		"RemovedBoth":     {"gone on both sides", `{"a":1,"b":1}`, `{"b":1,"c":1}`, `{"b":2}`, `{"b":2,"c":1}`},
		"RemovedUnder":    {"a mapping goes of which onto dropped a part", `{"s":{"a":1,"b":1},"x":1}`, `{"x":1}`, `{"s":{"a":1},"x":1}`, `{"x":1}`},
		"RemovedAddedTo":  {"a mapping goes that onto added to", `{"s":{"a":1},"x":1}`, `{"x":1}`, `{"s":{"a":1,"o":1},"x":1}`, `{"s":{"o":1},"x":1}`},
		"DroppedAddedTo":  {"a mapping that onto dropped gets a field", `{"s":{"a":1},"x":1}`, `{"s":{"a":1,"n":1},"x":1}`, `{"x":2}`, `{"s":{"n":1},"x":2}`},
		"BothAdded":       {"both make the mapping", `{"x":1}`, `{"m":{"a":1},"x":1}`, `{"m":{"b":1},"x":1}`, `{"m":{"a":1,"b":1},"x":1}`},
		"EmptyStays":      {"a mapping that both have stays", `{"m":{"a":1,"b":1}}`, `{"m":{"b":1}}`, `{"m":{"a":1}}`, `{"m":{}}`},
		"ListWhole":       {"onto has the list as in base", `{"l":[1,2],"x":1}`, `{"l":[3],"x":1}`, `{"l":[1,2],"x":2}`, `{"l":[3],"x":2}`},
		"ListPosition":    {"equally long", `{"l":[1,2,{"a":1}]}`, `{"l":[3,2,{"a":1,"n":1}]}`, `{"l":[1,4,{"a":5}]}`, `{"l":[3,4,{"a":5,"n":1}]}`},
		"ListNamed":       {"matched by name", `{"l":[{"name":"a","i":1},{"name":"b","i":1}]}`, `{"l":[{"name":"a","i":2},{"name":"b","i":1}]}`, `{"l":[{"name":"sidecar"},{"name":"b","i":1},{"name":"a","i":1}]}`, `{"l":[{"name":"sidecar"},{"name":"b","i":1},{"name":"a","i":2}]}`},
		"ListNamedAdd":    {"after its neighbour", `{"l":[{"name":"a"},{"name":"b"}]}`, `{"l":[{"name":"a"},{"name":"n"},{"name":"b"}]}`, `{"l":[{"name":"o"},{"name":"a"},{"name":"b","x":1}]}`, `{"l":[{"name":"o"},{"name":"a"},{"name":"n"},{"name":"b","x":1}]}`},
		"ListNamedGo":     {"an element goes", `{"l":[{"name":"a"},{"name":"b"}]}`, `{"l":[{"name":"b"}]}`, `{"l":[{"name":"a"},{"name":"b","x":1}]}`, `{"l":[{"name":"b","x":1}]}`},
		"ListNamedOrder":  {"changed reorders", `{"l":[{"name":"a"},{"name":"b"}]}`, `{"l":[{"name":"b"},{"name":"a"}]}`, `{"l":[{"name":"a","x":1},{"name":"b"}]}`, `{"l":[{"name":"b"},{"name":"a","x":1}]}`},
		"ListNamedBoth":   {"both add the same list", `{"x":1}`, `{"l":[{"name":"a"}],"x":1}`, `{"l":[{"name":"b"}],"x":1}`, `{"l":[{"name":"a"},{"name":"b"}],"x":1}`},
		"NumberForm":      {"the same number", `{"a":1,"b":1}`, `{"a":1,"b":2}`, `{"a":1.0,"b":1,"c":1}`, `{"a":1.0,"b":2,"c":1}`},
		"NullIsAValue":    {"set to null", `{"a":1,"b":1}`, `{"a":null,"b":1}`, `{"a":1,"b":2}`, `{"a":null,"b":2}`},
		"TypeChange":      {"scalar to mapping", `{"a":1,"b":1}`, `{"a":{"c":1},"b":1}`, `{"a":1,"b":2}`, `{"a":{"c":1},"b":2}`},
		"LargeIntegers":   {"no digit lost", `{"a":9007199254740993,"b":1}`, `{"a":9007199254740995,"b":1}`, `{"a":9007199254740993,"b":2}`, `{"a":9007199254740995,"b":2}`},
		"ListEmptiedBoth": {"the list goes on one side", `{"l":[{"name":"a"}],"x":1}`, `{"l":[],"x":1}`, `{"l":[{"name":"a"},{"name":"b"}],"x":1}`, `{"l":[{"name":"b"}],"x":1}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			onto := mustItem(t, object(tc.onto))
			raw := string(onto.Raw())
			got, err := Carry(mustItem(t, object(tc.base)), mustItem(t, object(tc.changed)), onto)
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if want := mustItem(t, object(tc.want)); !got.Equal(want) {
				t.Errorf("%s: -want +got:\n%s", tc.reason, cmp.Diff(want.Object()["v"], got.Object()["v"]))
			}
			if string(onto.Raw()) != raw {
				t.Error("onto itself changed")
			}
		})
	}
}

func TestCarryOfNothingReturnsOntoItself(t *testing.T) {
	onto := mustItem(t, object(`1`))
	got, err := Carry(mustItem(t, object(`2`)), mustItem(t, object(` 2`)), onto)
	if err != nil || got != onto {
		t.Errorf("want onto itself, got %v, %v", got, err)
	}
}

func TestCarryConflicts(t *testing.T) {
	cases := map[string]struct{ reason, base, changed, onto, path string }{
		"Value":         {"two values", `{"a":1}`, `{"a":2}`, `{"a":3}`, "v.a"},
		"BothAdd":       {"two new values", `{}`, `{"a":2}`, `{"a":3}`, "v.a"},
		"ChangeDropped": {"onto dropped what changed changes", `{"a":{"b":1},"x":1}`, `{"a":{"b":2},"x":1}`, `{"x":1}`, "v.a.b"},
		"DropChanged":   {"changed drops what onto changed", `{"a":{"b":1},"x":1}`, `{"x":1}`, `{"a":{"b":2},"x":1}`, "v.a.b"},
		"Types":         {"mapping and list", `{"a":1}`, `{"a":{}}`, `{"a":[]}`, "v.a"},
		"ListLengths":   {"no names, other lengths", `{"a":[1]}`, `{"a":[1,2]}`, `{"a":[3]}`, "v.a"},
		"ListElement":   {"by position", `{"a":[1]}`, `{"a":[2]}`, `{"a":[3]}`, "v.a[0]"},
		"ListNamed":     {"by name", `{"a":[{"name":"x","i":1}]}`, `{"a":[{"name":"x","i":2}]}`, `{"a":[{"name":"x","i":3}]}`, "v.a[name=x].i"},
		"ListOrders":    {"two orders", `{"a":[{"name":"x"},{"name":"y"},{"name":"z"}]}`, `{"a":[{"name":"y"},{"name":"x"},{"name":"z"}]}`, `{"a":[{"name":"z"},{"name":"y"},{"name":"x"}]}`, "v.a"},
		"ListTwice":     {"a name twice is no name", `{"a":[{"name":"x"}]}`, `{"a":[{"name":"x"},{"name":"x"}]}`, `{"a":[{"name":"z"}]}`, "v.a"},
		"ListDropped":   {"onto dropped the list", `{"a":[1],"x":1}`, `{"a":[2],"x":1}`, `{"x":1}`, "v.a"},
		"Quoted":        {"key with dots", `{"a.b/c":"HIDE1"}`, `{"a.b/c":"HIDE2"}`, `{"a.b/c":"HIDE3"}`, `v["a.b/c"]`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Carry(mustItem(t, object(tc.base)), mustItem(t, object(tc.changed)), mustItem(t, object(tc.onto)))
			var conflict *ConflictError
			if !errors.As(err, &conflict) || conflict.Path != tc.path {
				t.Fatalf("%s: want a conflict at %s, got %v", tc.reason, tc.path, err)
			}
			if strings.Contains(err.Error(), "HIDE") {
				t.Errorf("a value shows: %v", err)
			}
		})
	}
}

func TestCarryRefusesWhatHasNoName(t *testing.T) {
	base := mustItem(t, `{"apiVersion":"v1","kind":"A","metadata":{"name":"x","generateName":"x-"},"a":1}`)
	changed := mustItem(t, `{"apiVersion":"v1","kind":"A","metadata":{"generateName":"x-"},"a":1}`)
	onto := mustItem(t, `{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"a":1}`)
	_, err := Carry(base, changed, onto)
	var notKRM *NotKRMError
	if !errors.As(err, &notKRM) {
		t.Errorf("want a NotKRMError, got %v", err)
	}
}

func FuzzCarry(f *testing.F) {
	f.Add([]byte(object(`{"a":[{"name":"x"}]}`)), []byte(object(`{"a":[{"name":"y"},{"name":"x"}]}`)), []byte(object(`{"a":[{"name":"x","b":1}]}`)))
	f.Add([]byte(object(`{"a":1,"b":[1,2]}`)), []byte(object(`{"b":[1,3]}`)), []byte(object(`{"a":1,"b":[0,2],"c":null}`)))
	f.Fuzz(func(t *testing.T, b, c, o []byte) {
		base, errB := NewItem(b)
		changed, errC := NewItem(c)
		onto, errO := NewItem(o)
		if errors.Join(errB, errC, errO) != nil {
			return
		}
		if got, err := Carry(base, changed, base); err != nil || !got.Equal(changed) {
			t.Fatalf("carry onto the base: want %s, got %v, %v", c, got, err)
		}
		if got, err := Carry(base, base, onto); err != nil || got != onto {
			t.Fatalf("carry nothing: want %s, got %v, %v", o, got, err)
		}
		if got, err := Carry(base, changed, changed); err != nil || !got.Equal(changed) {
			t.Fatalf("carry onto the changed: want %s, got %v, %v", c, got, err)
		}
		there, err := Carry(base, changed, onto)
		back, errBack := Carry(base, onto, changed)
		if (err == nil) != (errBack == nil) {
			t.Fatalf("only one way round conflicts: %v, %v", err, errBack)
		}
		if err == nil && len(Diff(there, back)) == 0 != there.Equal(back) {
			t.Fatalf("Diff and Equal do not agree: %s, %s", there.Raw(), back.Raw())
		}
	})
}
