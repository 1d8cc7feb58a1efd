package plugin

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/velero-krm/velero-krm/pipeline"
)

const (
	// batchItems is how many items run at a time. Three batches of it fit into
	// the window of 1,024 that a host keeps open, and the next one arrives
	// meanwhile; an executable costs 0.07 ms an item in batches of 250, 0.06 in
	// such of 500 (docs/rationale.md, Measurements).
	batchItems = 250
	// batchBytes bounds the size of a batch, as that of a call of a function: so
	// that a few large items do not fill the host's window and leave nothing to do
	// while they run.
	batchBytes = 2 << 20
	// maxBatches is how many batches run at the same time. Memory holds these
	// and what the host's window lets arrive.
	maxBatches = 3
)

// listCall is one call of a multi-item action with pipelines to run.
type listCall struct {
	run     *run
	items   *multiitem.Stream
	records records
	pulse   pulse
}

// execute does a whole call.
func (e *engine) execute(ctx context.Context, ref runRef, told multiitem.Run, items *multiitem.Stream) error {
	r, err := e.runFor(ctx, ref)
	if err != nil {
		return err
	}
	if len(r.programs) == 0 {
		return items.Decline()
	}
	c := &listCall{run: r, items: items}
	c.pulse.start(ctx, e.pulseEvery, items.Progress)
	defer c.pulse.stop()
	if err := c.execute(ctx, told.Late); err != nil {
		return err
	}
	c.records.tell(items)
	return nil
}

// execute chooses how to read the items.
func (c *listCall) execute(ctx context.Context, late bool) error {
	awaits := false
	if !late {
		var err error
		if awaits, err = c.run.stillAwaits(); err != nil {
			return err
		}
	}
	if awaits || c.run.wholeList() {
		return c.whole(ctx, awaits)
	}
	return c.batches(ctx)
}

// whole runs the pipelines on all items at once. With awaits, selectors wait for
// kinds that the CustomResourceDefinitions of the restore may bring: these come in
// the same list, and whether it is in vain is known with all of it.
func (c *listCall) whole(ctx context.Context, awaits bool) error {
	all, err := c.items.All()
	if err != nil {
		return err
	}
	b := newBatch(all)
	if awaits {
		if err := c.run.expectKinds(b.items); err != nil {
			return err
		}
	}
	return c.answer(ctx, b)
}

// batches runs the pipelines on one batch after the other, several at the same
// time: while functions work on some, the next arrives and the answers of the
// one before leave.
func (c *listCall) batches(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	slots := make(chan struct{}, maxBatches)
	// A slot is taken before a batch is read: read earlier, it would end as soon
	// as the host's window is full, and be a small one.
	slots <- struct{}{}
	for items, err := range c.items.Batches(batchItems) {
		if err != nil {
			cancel(err)
			break
		}
		for part := range split(items, batchBytes) {
			wg.Go(func() {
				defer func() { <-slots }()
				if err := c.answer(ctx, newBatch(part)); err != nil {
					cancel(err) // the stream is broken: reading ends, too
				}
			})
			slots <- struct{}{}
		}
	}
	wg.Wait()
	return context.Cause(ctx)
}

// split yields parts of items of at most so many bytes, one item at least.
func split(items []*multiitem.Item, bytes int) iter.Seq[[]*multiitem.Item] {
	return func(yield func([]*multiitem.Item) bool) {
		begin, size := 0, 0
		for i, it := range items {
			if i > begin && size+len(it.Object) > bytes {
				if !yield(items[begin:i]) {
					return
				}
				begin, size = i, 0
			}
			size += len(it.Object)
		}
		if begin < len(items) {
			yield(items[begin:])
		}
	}
}

// batch is a list of items that runs as one.
type batch struct {
	// items are the objects, and came the items of the stream, in the same order.
	items []*krm.Item
	came  []*multiitem.Item
	// unread are those that are no objects, with the reason.
	unread []multiitem.Answer
}

// newBatch reads the objects.
func newBatch(came []*multiitem.Item) *batch {
	b := &batch{items: make([]*krm.Item, 0, len(came)), came: make([]*multiitem.Item, 0, len(came))}
	for _, it := range came {
		item, err := krm.NewItem(it.Object)
		if err != nil {
			b.unread = append(b.unread, it.Failed(fmt.Sprintf("read %s: %v", it.ID, err)))
			continue
		}
		b.items, b.came = append(b.items, item), append(b.came, it)
	}
	return b
}

// answer runs the pipelines on a batch and answers for each of its items. What
// was created goes first: items that are answered are not sent again when the
// process dies.
func (c *listCall) answer(ctx context.Context, b *batch) error {
	var x *outcome
	var created []multiitem.Created
	err := guarded(b.identity(), func() (err error) {
		if x, err = c.run.apply(ctx, b.items, hooks{around: c.pulse.around}); err == nil {
			created = c.run.settle(x)
			c.run.count(x)
		}
		return err
	})
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return c.items.Answer(b.failed(err)...)
	}
	c.records.add(x.steps, b.came, b.items)
	for _, object := range created {
		if err := c.items.Create(object); err != nil {
			return err
		}
	}
	warnings, errs := c.run.tellOnce(x)
	return c.items.Answer(append(b.unread, b.answers(x, warnings, errs)...)...)
}

// identity names the batch in the error of a panic: by its first object.
func (b *batch) identity() krm.Identity {
	if len(b.items) == 0 {
		return krm.Identity{}
	}
	return b.items[0].Identity()
}

// failed answers for all items with one error.
func (b *batch) failed(err error) []multiitem.Answer {
	answers := b.unread
	for _, it := range b.came {
		answers = append(answers, it.Failed(err.Error()))
	}
	return answers
}

// answers returns what became of each object. What is about none of them goes
// with the first.
func (b *batch) answers(x *outcome, warnings, errs []string) []multiitem.Answer {
	answers := make([]multiitem.Answer, len(b.came))
	for i, it := range b.came {
		o := x.objects[i]
		switch {
		case o.err != nil:
			answers[i] = it.Failed(o.err.Error())
		case o.out == nil:
			answers[i] = it.Skipped(o.removed.String() + " removed it")
		case o.out == o.in:
			answers[i] = it.Unchanged()
		default:
			answers[i] = it.Updated(o.out.Raw())
		}
		if o.err == nil && o.out != nil {
			answers[i] = answers[i].WithAdditional(protocolIDs(o.additional)...)
		}
		answers[i].Warnings = o.warnings
		if i == 0 {
			answers[i].Warnings = slices.Concat(o.warnings, warnings)
			answers[i].Errors = errs
		}
	}
	return answers
}

// settle checks what Velero is to write or create, fails what it cannot, and
// returns the objects that steps created.
func (r *run) settle(x *outcome) []multiitem.Created {
	for _, o := range x.objects[:x.came] {
		if o.err != nil || o.out == nil {
			continue
		}
		if err := r.check(o); err != nil {
			x.fail(o, err)
		}
	}
	var created []multiitem.Created
	for _, o := range slices.Clone(x.added()) {
		c, err := r.create(o)
		if err != nil {
			x.fail(o, err)
			continue
		}
		created = append(created, c)
	}
	return created
}

// check refuses what an object must not become.
func (r *run) check(o *tracked) error {
	if r.ref.phase == pipeline.Backup {
		return r.checkBackedUp(o)
	}
	if o.in != nil {
		if err := checkNotMoved(o.in.Identity(), o.out.Identity()); err != nil {
			return err
		}
	}
	return r.claim(o)
}

// create returns a created object as Velero files it.
func (r *run) create(o *tracked) (multiitem.Created, error) {
	id := o.out.Identity()
	s, err := r.resourceOf(id)
	switch {
	case err != nil:
	case id.Name == "":
		err = errors.New("it has no name, and Velero files objects by name: let the function give it one")
	case s.namespaced && id.Namespace == "":
		err = errors.New("it has no namespace: let the function give it one")
	case !s.namespaced && id.Namespace != "":
		err = fmt.Errorf("its kind has no namespaces, and it has namespace %q", id.Namespace)
	default:
		err = r.check(o)
	}
	if err != nil {
		return multiitem.Created{}, fmt.Errorf("%s: create %s: %w", o.created, id, err)
	}
	return multiitem.Created{
		ID:     multiitem.ResourceIdentifier{Group: s.gv.Group, Resource: s.resource, Namespace: id.Namespace, Name: id.Name},
		Object: o.out.Raw(),
	}, nil
}

// maxTold bounds the warnings about no object that a run remembers.
const maxTold = 1000

// tellOnce returns what is to be said about no object of the list: warnings that
// were not said before, as each batch may give the same, and why created objects
// failed. The server counts these as errors: without the object, what came with
// it may not work.
func (r *run) tellOnce(x *outcome) (news, errs []string) {
	for _, err := range x.errs {
		errs = append(errs, "not created: "+err.Error())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.told == nil {
		r.told = map[string]bool{}
	}
	for _, w := range x.warnings {
		if !r.told[w] && len(r.told) < maxTold {
			r.told[w] = true
			news = append(news, w)
		}
	}
	for _, o := range x.added() {
		news = append(news, o.warnings...)
	}
	return news, errs
}
