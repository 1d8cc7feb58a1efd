// Package mapping is a table of old and new names in a function's config, and
// the count of what it moved.
package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Any is the key that stands for every name that the table does not have.
const Any = "*"

// Check returns what is wrong with a table at a field of a config: empty
// names, and a new name that is also an old one, which a second run would move
// again.
func Check(field string, table map[string]string) error {
	errs := []error{CheckNames(field, table)}
	for _, from := range slices.Sorted(maps.Keys(table)) {
		if _, on := onward(table, from); on {
			errs = append(errs, fn.Invalid(fn.FieldPath(field, from), "moves to a name that another entry moves on: the next run would move it again", "use two pipelines"))
		}
	}
	return errors.Join(errs...)
}

// CheckNames returns what is wrong with a table that nobody wrote for the
// function, the namespaceMapping of a Restore: empty names alone. In a Restore a
// new name may be an old one, {a: b, b: c}. Each object is then moved once, as it
// is in the backup; [Table.WarnOfChain] tells what must not come after.
func CheckNames(field string, table map[string]string) error {
	var errs []error
	for _, from := range slices.Sorted(maps.Keys(table)) {
		if from == "" || table[from] == "" {
			errs = append(errs, fn.Invalid(fn.FieldPath(field, from), "has an empty name", "name what is there and what takes its place"))
		}
	}
	return errors.Join(errs...)
}

// onward returns where a table moves the new name of an old one, and false when
// that one stays.
func onward(table map[string]string, from string) (string, bool) {
	to := table[from]
	next, ok := table[to]
	return next, ok && to != from && next != to && to != ""
}

// Table is a table ready for use. It belongs to one goroutine.
type Table struct {
	to    map[string]string
	fixed map[string]bool
	moved *Counter
}

type count struct {
	values, objects int
	last            *fn.Object
}

// New returns the table, which must have passed [Check] or [CheckNames].
func New(table map[string]string) *Table {
	t := &Table{to: table, fixed: map[string]bool{}, moved: NewCounter()}
	for _, to := range table {
		t.fixed[to] = true
	}
	return t
}

// Lookup returns the new name of an old one, and false when it has none or is
// the same. Under [Any], a name that the table moves others to counts as moved.
func (t *Table) Lookup(name string) (string, bool) {
	to, ok := t.to[name]
	if !ok && name != "" && !t.fixed[name] {
		to, ok = t.to[Any]
	}
	return to, ok && to != name
}

// Move replaces a field that is text by its new name, and reports whether it
// did.
func (t *Table) Move(n fn.Node, path ...string) (bool, error) {
	from, ok := n.GetString(path...)
	if !ok {
		return false, nil
	}
	to, ok := t.Lookup(from)
	if !ok {
		return false, nil
	}
	if err := n.Set(to, path...); err != nil {
		return false, err
	}
	t.Count(from, n.Object())
	return true, nil
}

// Count counts one value of an object that got its new name. The values of one
// object come one after the other.
func (t *Table) Count(from string, o *fn.Object) {
	t.moved.Count(from, o)
}

// Report adds a result of severity info for every name that was moved. what is
// the plural of what was named.
func (t *Table) Report(list *fn.List, what string) {
	for _, from := range slices.Sorted(maps.Keys(t.moved.counts)) {
		c, to := t.moved.counts[from], t.to[from]
		if to == "" {
			to = t.to[Any]
		}
		list.Report(krm.Result{
			Severity: krm.Info,
			Message:  fmt.Sprintf(what+saidMoved, from, to, c.values, c.objects),
			Tags:     map[string]string{"from": from, "to": to},
		})
	}
}

// WarnOfChain adds a result of severity warning for every name that was moved to
// one that moves on: what maps the same objects once more in the same restore
// moves them twice.
func (t *Table) WarnOfChain(list *fn.List) {
	for _, from := range slices.Sorted(maps.Keys(t.moved.counts)) {
		if next, on := onward(t.to, from); on {
			list.Report(chainWarning(from, t.to[from], next))
		}
	}
}

// SaidOfChain is what [Table.WarnOfChain] says, for fn.Says.
const SaidOfChain = "%s moved to %s, and %s moves to %s: what maps namespaces after this step would move it again; " +
	"do not run such a step twice, nor openshift-velero-plugin beside it"

func chainWarning(from, to, next string) krm.Result {
	return krm.Result{
		Severity: krm.Warning,
		Message:  fmt.Sprintf(SaidOfChain, from, to, to, next),
		Tags:     map[string]string{"from": from, "to": to},
	}
}

// What is said of a name, and of a label, behind what was changed.
const (
	saidMoved   = " changed from %s to %s: %d (objects: %d)"
	saidChanged = " changed %s: %d (objects: %d)"
)

// Sayings are what the Reports of [Table] and [Counter] say, for fn.Says. what
// are the plurals that they are given.
func Sayings(what ...string) []string {
	var formats []string
	for _, w := range what {
		formats = append(formats, w+saidMoved, w+saidChanged)
	}
	return formats
}

// Counter counts changes by what made them. It belongs to one goroutine.
type Counter struct{ counts map[string]*count }

// NewCounter returns a counter at nothing.
func NewCounter() *Counter { return &Counter{map[string]*count{}} }

// Count counts one value of an object under a label. The values of one object
// come one after the other.
func (c *Counter) Count(label string, o *fn.Object) {
	n := c.counts[label]
	if n == nil {
		n = &count{}
		c.counts[label] = n
	}
	n.values++
	if n.last != o {
		n.last = o
		n.objects++
	}
}

// Report adds a result of severity info for every label. what is the plural of
// what was changed.
func (c *Counter) Report(list *fn.List, what string) {
	for _, label := range slices.Sorted(maps.Keys(c.counts)) {
		n := c.counts[label]
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(what+saidChanged, label, n.values, n.objects)})
	}
}
