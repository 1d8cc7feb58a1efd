package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// verdict is what one call came to.
type verdict struct {
	// err is why the call does not count; nil: it does.
	err *FunctionError
	// blame holds, by position in the call, the error of each object that the
	// failure names. byFunction: it is the function that names them, and not what
	// it did. onlyBlamed: the failure says nothing about the others and the
	// output is not used anyway.
	blame                  map[int]*FunctionError
	byFunction, onlyBlamed bool
	// about is the object that err is about, as far as the runner found that out.
	about krm.Identity
	// outcomes by position, nil when every item stays as it was.
	outcomes []ItemOutcome
	added    []*krm.Item
	results  []krm.Result
}

// call runs the function once, on the items idx.
func (e *engine) call(ctx context.Context, idx []int) (v verdict) {
	e.calls.Add(1)
	// Tagged for each call: done once, it would be a copy of the whole list for
	// as long as Transform runs. The function gets a slice of its own.
	tagged := tagItems(e.items, idx)
	in := &krm.ResourceList{FunctionConfig: e.opts.Config, Items: slices.Concat(tagged, e.context)}
	defer func() {
		// Calls run in goroutines of their own, where nobody else recovers.
		if p := recover(); p != nil {
			v = e.redacted(in, verdict{err: &FunctionError{Function: e.opts.Name, Err: panicError(p)}})
		}
	}()
	out, err := e.f.Run(ctx, in)
	switch {
	case err != nil:
		fe := asFunctionError(e.opts.Name, err)
		return e.redacted(in, e.blameResults(idx, verdict{err: fe}))
	case out == nil:
		return verdict{err: &FunctionError{Function: e.opts.Name, Err: krm.ErrNoResourceList}}
	}
	for _, r := range out.Results {
		if r.Failed() {
			fe := &FunctionError{
				Function: e.opts.Name, Results: out.Results,
				Err: fmt.Errorf("%w: %s", ErrErrorResult, resultText(r)),
			}
			return e.redacted(in, e.blameResults(idx, verdict{err: fe}))
		}
	}
	if e.opts.Validate {
		return e.redacted(in, e.judge(idx, tagged, out.Results))
	}
	return e.redacted(in, e.match(idx, tagged, out))
}

// blameResults blames the objects that results of severity error name, if
// every such result names one.
func (e *engine) blameResults(idx []int, v verdict) verdict {
	var failing []krm.Result
	for _, r := range v.err.Results {
		if r.Failed() {
			failing = append(failing, r)
		}
	}
	if len(failing) == 0 || v.err.Systemic {
		return v
	}
	positions := make(map[krm.Identity][]int, len(idx))
	for pos, i := range idx {
		id := e.items[i].Identity()
		positions[id] = append(positions[id], pos)
	}
	blame := make(map[int]*FunctionError)
	for _, r := range failing {
		if r.ResourceRef == nil {
			return v
		}
		named := positions[refIdentity(r.ResourceRef)]
		if len(named) == 0 {
			return v
		}
		for _, pos := range named {
			blameResult(blame, pos, v.err, r)
		}
	}
	v.blame, v.byFunction = blame, true
	v.onlyBlamed = e.opts.Validate && isVerdict(v.err)
	return v
}

// isVerdict reports whether a validator whose results all name an object has
// said all that it had to say. It ended as one that finds faults does: with exit
// code 0, or 1 as kpt wants it. Results beside any other ending, such as a crash
// (2 in Go), a shell's 126 and 127, or a signal, may be a part of them.
func isVerdict(fe *FunctionError) bool {
	for err := fe.Err; err != nil; err = errors.Unwrap(err) { // past several causes at once it does not go
		switch err {
		case ErrErrorResult: //nolint:errorlint // alone: errors.Is finds them beside others
			return true
		case ErrExit:
			return fe.ExitCode == 1 && fe.Signal == ""
		}
	}
	return false
}

// blameResult adds r to what the object at pos is blamed for.
func blameResult(blame map[int]*FunctionError, pos int, call *FunctionError, r krm.Result) {
	err := blame[pos]
	if err == nil {
		own := *call
		own.Results = nil
		if isErrorResult(call) {
			own.Err = fmt.Errorf("%w: %s", ErrErrorResult, resultText(r))
		}
		err = &own
		blame[pos] = err
	}
	err.Results = append(err.Results, r)
}

// judge is the verdict of a validator that failed nothing.
func (e *engine) judge(idx []int, tagged []*krm.Item, results []krm.Result) verdict {
	m := newMatcher(e, idx, tagged)
	m.refuseAdditional(results)
	if len(m.faults) > 0 {
		return m.refuse(results)
	}
	return verdict{results: results}
}

// match finds out which object of the output is which item, and what of that
// is not permitted.
func (e *engine) match(idx []int, tagged []*krm.Item, out *krm.ResourceList) verdict {
	m := newMatcher(e, idx, tagged)
	for pos, i := range idx {
		m.position[i] = pos
	}
	for _, it := range out.Items {
		m.place(it)
	}
	m.adopt()
	m.checkItems()
	m.checkCreated()
	m.checkCollisions()
	m.takeAdditional(out.Results)
	v := m.verdict(out.Results)
	m.checkMetadata(v)
	if len(m.faults) > 0 {
		return m.refuse(out.Results)
	}
	return v
}

// matcher matches the output of one call.
type matcher struct {
	e        *engine
	idx      []int
	tagged   []*krm.Item // by position, as the function got them
	position map[int]int // of the item with that id in idx
	outs     []*krm.Item // by position
	lost     []*krm.Item // without id, not matched yet
	created  []*krm.Item
	changed  bool // some identity is new in the list
	unknown  bool // some object has an id that no item has
	faults   []fault
	// additional items by position, and positions by identity: nil without any.
	additional map[int][]krm.AdditionalItem
	positions  map[krm.Identity][]int
	// sawSecrets reports whether the function was given a Secret. It is found out
	// once: there may be a fault in each of many objects.
	sawSecrets func() bool
}

func newMatcher(e *engine, idx []int, tagged []*krm.Item) *matcher {
	return &matcher{
		e: e, idx: idx, tagged: tagged,
		position: make(map[int]int, len(idx)),
		outs:     make([]*krm.Item, len(idx)),
		sawSecrets: sync.OnceValue(func() bool {
			return holdSecrets(tagged, e.context, []*krm.Item{e.opts.Config})
		}),
	}
}

// fault is something that is not permitted; pos is -1 when it is not known
// which item is the cause.
type fault struct {
	pos  int
	err  error
	hint string
}

func (m *matcher) fault(pos int, hint string, err error) {
	m.faults = append(m.faults, fault{pos: pos, err: err, hint: hint})
}

// place puts an object of the output to the item whose id it carries.
func (m *matcher) place(it *krm.Item) {
	id, ok := it.Annotation(IDAnnotation)
	if !ok {
		if _, isContext := it.Annotation(ContextAnnotation); !isContext {
			m.lost = append(m.lost, it)
		}
		return
	}
	n, err := strconv.Atoi(id)
	pos, known := m.position[n]
	switch {
	case err != nil || !known:
		m.unknown = true
		m.fault(-1, hint.ID, fmt.Errorf("%w: %s", ErrUnknownID, it.Identity()))
	case m.outs[pos] != nil:
		m.fault(pos, hint.ID, fmt.Errorf("%w: as %s and as %s", ErrDuplicate, m.outs[pos].Identity(), it.Identity()))
	default:
		m.outs[pos] = it
	}
}

// adopt matches objects without id to items without object by type, namespace
// and name, where that leaves one choice. What matches none is new.
func (m *matcher) adopt() {
	if len(m.lost) == 0 {
		return
	}
	missing := make(map[krm.Identity][]int)
	for pos, out := range m.outs {
		if out == nil {
			id := m.input(pos).Identity()
			missing[id] = append(missing[id], pos)
		}
	}
	claims := make(map[krm.Identity]int)
	for _, it := range m.lost {
		claims[it.Identity()]++
	}
	for _, it := range m.lost {
		id := it.Identity()
		candidates, contexts := missing[id], m.e.contexts[id]
		switch {
		case len(candidates) == 0 && contexts == 0:
			m.created = append(m.created, it)
		case len(candidates) == 0: // a context item that lost its mark
		case len(candidates) == 1 && claims[id] == 1 && contexts == 0:
			m.outs[candidates[0]] = it
		default:
			for _, pos := range candidates {
				m.fault(pos, hint.ID, fmt.Errorf("%w: %d objects of the output could be it", ErrAmbiguous, claims[id]))
			}
		}
	}
}

// checkItems checks what became of each item: there, and still the same object.
func (m *matcher) checkItems() {
	allow := m.e.opts.Allow
	faulty := m.faultyPositions()
	var kinds map[[2]string]bool
	for pos, out := range m.outs {
		before := m.input(pos).Identity()
		switch {
		case out == nil && !faulty[pos] && (!allow.Delete || !allow.Create):
			if kinds == nil {
				kinds = m.createdKinds()
			}
			m.checkMissing(pos, kinds[[2]string{before.Group(), before.Kind}])
		case out == nil || out.Identity() == before:
		case allow.Rename:
			m.changed = true
		default:
			m.fault(pos, hint.Rename, fmt.Errorf("%w: it became %s", ErrRenamed, out.Identity()))
		}
	}
}

// checkMissing judges an item that is not in the output. If there is a new
// object of its kind without id, the function may have dropped its id and
// renamed it: that is not taken for a removal and an addition unless both
// are permitted. An object with an unknown id may be any that is missing.
func (m *matcher) checkMissing(pos int, similarCreated bool) {
	switch {
	case m.unknown:
	case similarCreated:
		m.fault(pos, hint.ID, fmt.Errorf("%w: it may be one that seems new", ErrAmbiguous))
	case !m.e.opts.Allow.Delete:
		m.fault(pos, hint.Delete, ErrRemoved)
	}
}

func (m *matcher) createdKinds() map[[2]string]bool {
	kinds := make(map[[2]string]bool, len(m.created))
	for _, it := range m.created {
		id := it.Identity()
		kinds[[2]string{id.Group(), id.Kind}] = true
	}
	return kinds
}

func (m *matcher) faultyPositions() map[int]bool {
	faulty := make(map[int]bool, len(m.faults))
	for _, f := range m.faults {
		faulty[f.pos] = true
	}
	return faulty
}

func (m *matcher) checkCreated() {
	if len(m.created) == 0 {
		return
	}
	m.changed = true
	if !m.e.opts.Allow.Create {
		m.fault(-1, hint.Create, fmt.Errorf("%w: %s", ErrCreated, m.created[0].Identity()))
	}
}

// checkCollisions refuses a list in which a renamed or new object has the
// identity of another one. The same object twice in the input is not that.
func (m *matcher) checkCollisions() {
	if !m.changed {
		return
	}
	count := make(map[krm.Key]int, len(m.outs)+len(m.created))
	for _, out := range m.outs {
		if out != nil {
			count[out.Identity().Key()]++
		}
	}
	for _, it := range m.created {
		count[it.Identity().Key()]++
	}
	for _, id := range m.e.leftOut() {
		count[id.Key()]++
	}
	for pos, out := range m.outs {
		if out != nil && collides(count, out) && out.Identity() != m.input(pos).Identity() {
			m.fault(pos, "", fmt.Errorf("%w: another object is %s too", ErrDuplicate, out.Identity()))
		}
	}
	for _, it := range m.created {
		if collides(count, it) {
			m.fault(-1, "", fmt.Errorf("%w: %s, which it added", ErrDuplicate, it.Identity()))
		}
	}
}

// collides reports whether it is not the only one of its identity. Objects
// with a generateName alone get their names later.
func collides(count map[krm.Key]int, it *krm.Item) bool {
	id := it.Identity()
	return id.Name != "" && count[id.Key()] > 1
}

func (m *matcher) input(pos int) *krm.Item { return m.e.items[m.idx[pos]] }

// refuse is the verdict when there are faults.
func (m *matcher) refuse(results []krm.Result) verdict {
	v := verdict{blame: make(map[int]*FunctionError)}
	for _, f := range m.faults {
		err := &FunctionError{Function: m.e.opts.Name, Results: results, Hint: f.hint, Err: f.err}
		if v.err == nil {
			v.err = err
			if f.pos >= 0 {
				v.about = m.input(f.pos).Identity()
			}
		}
		if f.pos >= 0 && v.blame[f.pos] == nil {
			v.blame[f.pos] = err
		}
	}
	return v
}

// verdict is the verdict when all is well.
func (m *matcher) verdict(results []krm.Result) verdict {
	v := verdict{outcomes: make([]ItemOutcome, len(m.idx)), results: results}
	for pos, out := range m.outs {
		v.outcomes[pos] = m.outcome(pos, out)
		if out != nil {
			v.outcomes[pos].Additional = m.additional[pos]
		}
	}
	for _, it := range m.created {
		v.added = append(v.added, restoreAnnotations(it, m.e.bare))
	}
	return v
}

func (m *matcher) outcome(pos int, out *krm.Item) ItemOutcome {
	in := m.input(pos)
	if out == nil {
		return ItemOutcome{Status: Removed, In: in}
	}
	if tagged := m.tagged[pos]; out == tagged || bytes.Equal(out.Raw(), tagged.Raw()) {
		return ItemOutcome{Status: Unchanged, In: in, Out: in}
	}
	clean := restoreAnnotations(out, in)
	if clean.Equal(in) {
		return ItemOutcome{Status: Unchanged, In: in, Out: in}
	}
	return ItemOutcome{Status: Changed, In: in, Out: clean}
}

func isErrorResult(fe *FunctionError) bool { return errors.Is(fe.Err, ErrErrorResult) }
