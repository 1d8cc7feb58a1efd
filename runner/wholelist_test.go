package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/gofn"
	"github.com/velero-krm/velero-krm/runner/runnertest/behave"
)

// blame is a result by which a function fails an object.
func blame(it *krm.Item) krm.Result {
	return krm.Result{Message: "not this one", Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity())}
}

func poisoned(it *krm.Item) bool { return strings.Contains(string(it.Raw()), behave.Poison) }

// annotated returns it with an annotation.
func annotated(it *krm.Item, key, value string) (*krm.Item, error) {
	obj := it.Object()
	m, _ := obj["metadata"].(map[string]any)
	annotations, _ := m["annotations"].(map[string]any)
	annotations[key] = value // the id is there
	return krm.FromObject(obj)
}

// counting tells each object how many there are, and adds one that says it,
// before it names the poisoned ones.
func counting(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	n := len(in.Items)
	for i, it := range in.Items {
		if poisoned(it) {
			in.Results = append(in.Results, blame(it))
		}
		out, err := annotated(it, "of", fmt.Sprint(n))
		if err != nil {
			return nil, err
		}
		in.Items[i] = out
	}
	sum, err := krm.NewItem(fmt.Appendf(nil, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"sum"},"data":{"of":"%d"}}`, n))
	in.Items = append(in.Items, sum)
	return in, err
}

// TestWholeListGoesOnWithoutTheNamed: what the others get is what the function
// makes of a list that never had the named ones.
func TestWholeListGoesOnWithoutTheNamed(t *testing.T) {
	items := objects(t, 600, 5, 77)
	out := transform(t, gofn.New("counting", counting), items,
		runner.TransformOptions{Name: "counting", WholeList: true, Allow: runner.Permissions{Create: true}})
	if diff := cmp.Diff([]int{5, 77}, failed(out)); diff != "" {
		t.Fatalf("failed: -want +got:\n%s", diff)
	}
	for i, o := range out.Items {
		if o.Status != runner.Changed {
			continue
		}
		if v, _ := o.Out.Annotation("of"); v != "598" {
			t.Fatalf("items[%d] has a part of a run with the failed objects: of %q", i, v)
		}
	}
	if len(out.Added) != 1 || !strings.Contains(string(out.Added[0].Raw()), `"of":"598"`) {
		t.Errorf("added %d, want the object of the last run alone", len(out.Added))
	}
	if out.Calls != 2 || len(out.Results) != 2 {
		t.Errorf("%d calls with %d results, want 2 with 2", out.Calls, len(out.Results))
	}
	if err := out.Items[5].Err; errors.Is(err, runner.ErrWholeList) || !strings.Contains(err.Error(), "o0005: not this one") {
		t.Errorf("a named object fails with another error than its own: %v", err)
	}
}

// TestWholeListGoesOnAgain: an object may fail because another one did.
func TestWholeListGoesOnAgain(t *testing.T) {
	needsTheOneBefore := func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		names := map[string]bool{}
		for _, it := range in.Items {
			names[it.Identity().Name] = true
		}
		for _, it := range in.Items {
			var n int
			_, _ = fmt.Sscanf(it.Identity().Name, "o%d", &n)
			if poisoned(it) || n > 1 && n < 4 && !names[fmt.Sprintf("o%04d", n-1)] {
				in.Results = append(in.Results, blame(it))
			}
		}
		return in, nil
	}
	out := transform(t, gofn.New("chain", needsTheOneBefore), objects(t, 40, 1), runner.TransformOptions{WholeList: true})
	if diff := cmp.Diff([]int{1, 2, 3}, failed(out)); diff != "" || out.Calls != 4 {
		t.Errorf("%d calls, want 4; failed: -want +got:\n%s", out.Calls, diff)
	}
}

// TestWholeListFailsTogether has failures after which no part of the list is
// used.
func TestWholeListFailsTogether(t *testing.T) {
	touchAll := func(in *krm.ResourceList) error {
		for i, it := range in.Items {
			out, err := annotated(it, "touched", "yes")
			if err != nil {
				return err
			}
			in.Items[i] = out
		}
		return nil
	}
	cases := map[string]struct {
		reason string
		do     func(in *krm.ResourceList) error
		opts   runner.TransformOptions
		// own are the objects with an error of their own.
		own   []int
		err   error
		words []string
		calls int
	}{
		"error": {
			reason: "it may be about any object", calls: 1, words: []string{"the whole list failed: no"},
			do: func(*krm.ResourceList) error { return errors.New("no") },
		},
		"result without object": {
			reason: "one of two names an object, the other may be about any", calls: 1, own: nil,
			err: runner.ErrErrorResult, words: []string{"the whole list failed, for it does not name the objects"},
			do: func(in *krm.ResourceList) error {
				in.Results = []krm.Result{blame(in.Items[2]), {Message: "and more", Severity: krm.Error}}
				return nil
			},
		},
		"object of no list": {
			reason: "nothing can be left out for it", calls: 1, err: runner.ErrErrorResult,
			do: func(in *krm.ResourceList) error {
				in.Results = []krm.Result{blame(object(t, "somebody"))}
				return nil
			},
		},
		"named, and an error": {
			reason: "the error is there without the named one, too", calls: 2, own: []int{1},
			words: []string{"the whole list failed: cannot go on"},
			do: func(in *krm.ResourceList) error {
				for _, it := range in.Items {
					if poisoned(it) {
						in.Results = append(in.Results, blame(it))
					}
				}
				return errors.New("cannot go on")
			},
		},
		"removed": {
			reason: "what it did elsewhere may belong to it", calls: 1, own: []int{1},
			err: runner.ErrRemoved, words: []string{"the whole list failed, for what it did to ConfigMap ns/o0001: function removed"},
			do: func(in *krm.ResourceList) error {
				in.Items = slices.DeleteFunc(in.Items, poisoned)
				return nil
			},
		},
		"one more each time": {
			reason: "it is not run once for each object", calls: 8, own: []int{0, 1, 2, 3, 4, 5, 6, 7},
			err: runner.ErrErrorResult, words: []string{"the whole list failed, for it named further objects in each of 8 runs: ", "ns/o0007"},
			do: func(in *krm.ResourceList) error {
				in.Results = []krm.Result{blame(in.Items[0])}
				return nil
			},
		},
		"all or nothing": {
			reason: "the caller keeps what fails", calls: 1, own: []int{1}, opts: runner.TransformOptions{AllOrNothing: true},
			err: runner.ErrErrorResult, words: []string{"the whole list failed: ", "ns/o0001: not this one"},
			do: func(in *krm.ResourceList) error {
				in.Results = []krm.Result{blame(in.Items[1])}
				return nil
			},
		},
		"place of one that failed": {
			reason: "it stays where it is", calls: 2, own: []int{1, 5}, opts: runner.TransformOptions{Allow: runner.Permissions{Rename: true}},
			err: runner.ErrDuplicate, words: []string{"the whole list failed, for what it did to ConfigMap ns/o0005: "},
			do: func(in *krm.ResourceList) error {
				for i, it := range in.Items {
					if poisoned(it) {
						in.Results = append(in.Results, blame(it))
					}
					if it.Identity().Name != "o0005" {
						continue
					}
					obj := it.Object()
					m, _ := obj["metadata"].(map[string]any)
					m["name"] = "o0001"
					out, err := krm.FromObject(obj)
					if err != nil {
						return err
					}
					in.Items[i] = out
				}
				return nil
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := gofn.New("together", func(_ context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
				if err := touchAll(in); err != nil {
					return nil, err
				}
				return in, tc.do(in)
			})
			tc.opts.WholeList = true
			out := transform(t, f, objects(t, 20, 1), tc.opts)
			if len(failed(out)) != 20 || out.Calls != tc.calls {
				t.Errorf("%s: %d failed in %d calls, want 20 in %d", tc.reason, len(failed(out)), out.Calls, tc.calls)
			}
			for i, o := range out.Items {
				if own := slices.Contains(tc.own, i); own == errors.Is(o.Err, runner.ErrWholeList) {
					t.Errorf("%s: items[%d]: error of its own: %v, want %v: %v", tc.reason, i, !own, own, o.Err)
				}
			}
			last := out.Items[19].Err
			if tc.err != nil && !errors.Is(last, tc.err) {
				t.Errorf("%s: %v is no %v", tc.reason, last, tc.err)
			}
			for _, word := range tc.words {
				if !strings.Contains(last.Error(), word) {
					t.Errorf("%s: the error has no %q: %v", tc.reason, word, last)
				}
			}
		})
	}
}

// TestWholeListThatFailsAlone: an object that is the whole list has an error of
// its own.
func TestWholeListThatFailsAlone(t *testing.T) {
	out := transform(t, behaving(t, "fail-on-poison"), objects(t, 1, 0), runner.TransformOptions{WholeList: true})
	if err := out.Items[0].Err; err == nil || errors.Is(err, runner.ErrWholeList) {
		t.Errorf("error %v", err)
	}
}
