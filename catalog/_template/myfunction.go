package myfunction

import (
	"context"
	"errors"
	"fmt"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function. The tags are all that lists, pages, the JSON Schema
// and error messages know of a field: its name, whether it must be there, what
// it is for and, after "; default ", what holds without it.
type Config struct {
	Class    string `json:"class" required:"true" doc:"name of the PriorityClass"`
	Override bool   `json:"override" doc:"also give it to pods that name another class; default false"`
}

// maxName is the longest name of an object (k8s.io/apimachinery/pkg/util/validation,
// DNS1123SubdomainMaxLength).
const maxName = 253

// Validate checks what types cannot say: every problem, each by its field.
func (c *Config) Validate() error {
	if len(c.Class) > maxName {
		return fn.Invalid("class", "is too long to be the name of an object", "at most 253 characters")
	}
	return nil
}

// Function returns the function: name, one sentence, what it does, and what it
// states about itself. A test of the catalogue compares these statements with
// what the function does to its fixtures.
func Function() fn.Function {
	return fn.New("my-function", "Gives pods a priority class of the target cluster.", transform,
		fn.Describe(fn.About{Kinds: []string{fn.PodTemplates}}), fn.Says(said))
}

// said is what it says when it is done. Its words stay, whatever Secrets hold
// that are in the same list.
const said = "priority class set (objects: %d)"

// transform is told nothing of the rest of the backup: the objects may come in
// any split, and what it makes of one must not depend on the others.
func transform(_ context.Context, c Config, list *fn.List) error {
	changed := 0
	for o := range list.All() {
		spec, ok := podspec.Of(o)
		if !ok {
			continue
		}
		did, err := setClass(spec, c)
		if err != nil {
			list.Fail(o, err) // this object alone; the others go on
			continue
		}
		if did {
			changed++
		}
	}
	if changed > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, changed)})
	}
	return nil
}

var errNoText = errors.New("priorityClassName is no text")

// setClass reports whether the pods got another class.
func setClass(spec fn.Node, c Config) (bool, error) {
	value, _ := spec.Get("priorityClassName")
	now, isText := value.(string)
	if value != nil && !isText {
		return false, errNoText
	}
	if now == c.Class || now != "" && !c.Override {
		return false, nil
	}
	// The API server refuses a priority that is not that of the class.
	spec.Remove("priority")
	return true, spec.Set(c.Class, "priorityClassName")
}
