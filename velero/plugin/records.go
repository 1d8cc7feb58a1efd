package plugin

import (
	"sync"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/multiitem"
)

// maxResults is how many results of one step are kept: what a record carries.
const maxResults = 1000

// records adds up what the steps of a call did in all its batches. It is safe
// for concurrent use.
type records struct {
	mu    sync.Mutex
	order []maker
	steps map[maker]*multiitem.Record
}

// add adds the steps of one batch.
func (rs *records) add(steps []stepReport, came []*multiitem.Item, items []*krm.Item) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	var refs map[krm.ResourceRef]int
	for _, s := range steps {
		record := rs.record(s)
		record.Calls += s.Calls
		record.Durations["run"] += s.Elapsed
		for name, n := range map[string]int{
			"selected": s.Selected, "unchanged": s.Unchanged, "changed": s.Changed,
			"removed": s.Removed, "added": s.Added, "failed": s.Failed,
		} {
			if n > 0 {
				record.Counts[name] += n
			}
		}
		if s.Stderr != "" {
			record.StderrTail = s.Stderr
		}
		for _, result := range s.Results {
			if len(record.Results) == maxResults {
				break
			}
			if refs == nil {
				refs = refsOf(came, items)
			}
			record.Results = append(record.Results, toResult(result, refs))
		}
	}
}

// record returns that of a step.
func (rs *records) record(s stepReport) *multiitem.Record {
	if record := rs.steps[s.maker]; record != nil {
		return record
	}
	if rs.steps == nil {
		rs.steps = map[maker]*multiitem.Record{}
	}
	record := &multiitem.Record{
		Step: s.pipeline + "/" + s.step, Function: s.Function,
		Counts: map[string]int{}, Durations: map[string]time.Duration{},
	}
	if s.SHA256 != "" {
		record.Digest = "sha256:" + s.SHA256
	}
	rs.steps[s.maker] = record
	rs.order = append(rs.order, s.maker)
	return record
}

// tell hands the records to the server.
func (rs *records) tell(items *multiitem.Stream) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, m := range rs.order {
		items.Record(*rs.steps[m])
	}
}

// refsOf finds items by what results call them.
func refsOf(came []*multiitem.Item, items []*krm.Item) map[krm.ResourceRef]int {
	refs := make(map[krm.ResourceRef]int, len(items))
	for i, item := range items {
		refs[*krm.RefTo(item.Identity())] = came[i].Index
	}
	return refs
}

func toResult(r krm.Result, refs map[krm.ResourceRef]int) multiitem.Result {
	out := multiitem.Result{Severity: string(r.Severity), Message: r.Message}
	if r.Field != nil {
		out.Message += " (" + r.Field.Path + ")"
	}
	if r.ResourceRef != nil {
		if index, ok := refs[*r.ResourceRef]; ok {
			out.Index = &index
		}
	}
	return out
}
