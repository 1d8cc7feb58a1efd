package fn_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// slowConfig counts how often it was read.
type slowConfig struct {
	Name string `json:"name" required:"true"`
}

var reads atomic.Int64

func (c *slowConfig) Validate() error {
	reads.Add(1)
	if c.Name == "bad" {
		return fn.Invalid("name", "is bad", "")
	}
	return nil
}

// TestKeepConfig reads a config again only when it is another one.
func TestKeepConfig(t *testing.T) {
	var got string
	function := fn.New("slow", "Is slow.", func(_ context.Context, c slowConfig, _ *fn.List) error {
		got = c.Name
		return nil
	}, fn.KeepConfig())
	for i, step := range []struct {
		name, want string
		reads      int64
		fails      bool
	}{
		{name: "a", want: "a", reads: 1},
		{name: "a", want: "a", reads: 1},
		{name: "b", want: "b", reads: 2},
		{name: "bad", want: "b", reads: 3, fails: true},
		{name: "bad", want: "b", reads: 4, fails: true},
		{name: "b", want: "b", reads: 4},
		{name: "a", want: "a", reads: 5},
	} {
		config, err := krm.ParseConfig([]byte("apiVersion: velero-krm.io/v1alpha1\nkind: Slow\nspec: {name: " + step.name + "}\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = function.Run(t.Context(), &krm.ResourceList{FunctionConfig: config})
		if (err != nil) != step.fails || got != step.want || reads.Load() != step.reads {
			t.Errorf("step %d: config %q after %d reads, error %v; want %q after %d", i, got, reads.Load(), err, step.want, step.reads)
		}
	}
	if _, err := function.Run(t.Context(), &krm.ResourceList{}); err == nil {
		t.Error("without a config the last one is used")
	}
}
