package fn

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const podAfter = `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"a.b/c":"d"},"name":"web","namespace":"shop"},` +
	`"spec":{"big":9007199254740993,"containers":[{"image":"y","name":"a"},7,{"name":"c"}],"exact":1.10,"flag":true,"none":null}}`

func TestIterationLetsGoOfWhatIsDone(t *testing.T) {
	_, err := run(t, func(l *List) error {
		for o := range l.All() {
			if err := o.Set("v", "data", "k"); err != nil {
				return err
			}
		}
		for _, o := range l.Objects {
			if o.fields != nil {
				t.Errorf("%s is still decoded", o.Identity())
			}
			if v, _ := o.GetString("data", "k"); v != "v" {
				t.Errorf("what was set is gone: %q", v)
			}
		}
		return nil
	}, named(t, "a"), named(t, "b"))
	if err != nil {
		t.Fatal(err)
	}
}

// What a function keeps of an object works on when the iteration is over.
func TestWhatIsKeptWorksAfterTheIteration(t *testing.T) {
	cases := map[string]struct {
		reason string
		keep   func(o *Object) (later func() error)
	}{
		"Nodes": {
			reason: "a node is found again by its path",
			keep: func(o *Object) func() error {
				containers := o.Nodes("spec", "containers")
				return func() error {
					if got := containers[1].Path("name"); got != "spec.containers[2].name" {
						t.Errorf("path: %s", got)
					}
					if err := containers[1].Set("c", "name"); err != nil {
						return err
					}
					return containers[0].Set("y", "image")
				}
			},
		},
		"Node": {
			reason: "so is one below a node, and the object itself",
			keep: func(o *Object) func() error {
				root := o.Root()
				spec, _ := root.Node("spec")
				return func() error {
					if err := spec.Nodes("containers")[0].Set("y", "image"); err != nil {
						return err
					}
					nodes := root.Nodes("spec", "containers")
					return nodes[1].Set("c", "name")
				}
			},
		},
		"Fields": {
			reason: "a map that the function has is not let go of",
			keep: func(o *Object) func() error {
				spec, _ := o.Fields()["spec"].(map[string]any)
				return func() error {
					spec["containers"] = []any{map[string]any{"name": "a", "image": "y"}, 7, map[string]any{"name": "c"}}
					return nil
				}
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			out, err := run(t, func(l *List) error {
				var later []func() error
				for o := range l.Of("", "Pod") {
					later = append(later, c.keep(o))
				}
				for _, do := range later {
					if err := do(); err != nil {
						return err
					}
				}
				return nil
			}, item(t, pod), named(t, "a"))
			if err != nil {
				t.Fatalf("%s: %v", c.reason, err)
			}
			if diff := cmp.Diff(podAfter, string(out.Items[0].Raw())); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.reason, diff)
			}
		})
	}
}

func TestNodeThatIsGone(t *testing.T) {
	_, err := run(t, func(l *List) error {
		var kept Node
		for o := range l.Of("", "Pod") {
			kept, _ = o.Node("spec")
			o.Remove("spec")
		}
		if kept.Has("flag") || len(kept.Keys()) > 0 {
			t.Error("a removed mapping has fields")
		}
		if err := kept.Set("y", "image"); err == nil {
			t.Error("a field was set in a mapping that is gone")
		}
		return nil
	}, item(t, pod))
	if err != nil {
		t.Fatal(err)
	}
}

// An edit that iterates over the list must not lose what it edits.
func TestIterationWithinAnEdit(t *testing.T) {
	path, err := ParsePath("spec.containers[*].name")
	if err != nil {
		t.Fatal(err)
	}
	out, err := run(t, func(l *List) error {
		for o := range l.Of("", "Pod") {
			_, err := o.Edit(path, func(_ Location, value any) (any, bool, error) {
				for other := range l.All() {
					other.Has("spec")
				}
				text, _ := value.(string)
				return text + "2", true, nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}, item(t, pod), named(t, "a"))
	if err != nil {
		t.Fatal(err)
	}
	fields := out.Items[0].Object()
	spec, _ := fields["spec"].(map[string]any)
	want := []any{map[string]any{"name": "a2", "image": "x"}, int64(7), map[string]any{"name": "b2"}}
	if diff := cmp.Diff(want, spec["containers"]); diff != "" {
		t.Errorf("containers (-want +got):\n%s", diff)
	}
}
