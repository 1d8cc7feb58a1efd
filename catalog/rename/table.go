package rename

// target is what a reference points at. An empty group stands for a group that
// the reference does not tell.
type target struct{ group, kind string }

// core is how config and tables say the empty group.
const core = "core"

func groupName(group string) string {
	if group == "" {
		return core
	}
	return group
}

func (r Rename) target() target { return target{r.Group, r.Kind} }

// table finds new names by old ones.
type table struct {
	entries map[key][]entry
	kinds   map[string]bool
}

// key of a table. The namespace "" stands for any.
type key struct{ kind, namespace, name string }

type entry struct{ group, to string }

func newTable(renames []Rename) table {
	t := table{map[key][]entry{}, map[string]bool{}}
	for _, r := range renames {
		k := key{r.Kind, r.Namespace, r.From}
		t.entries[k] = append(t.entries[k], entry{r.Group, r.To})
		t.kinds[r.Kind] = true
	}
	return t
}

// lookup returns the new name; one for the very namespace goes first. A
// namespace of "" is that of a cluster-scoped object.
func (t table) lookup(of target, namespace, name string) (string, bool) {
	namespaces := []string{namespace, ""}
	if namespace == "" {
		namespaces = namespaces[:1]
	}
	for _, ns := range namespaces {
		for _, e := range t.entries[key{of.kind, ns, name}] {
			if e.group == "" || of.group == "" || e.group == of.group {
				return e.to, true
			}
		}
	}
	return "", false
}
