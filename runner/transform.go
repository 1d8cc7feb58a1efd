package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/velero-krm/velero-krm/krm"
)

// Status says what became of an item.
type Status string

// What becomes of an item.
const (
	Unchanged Status = "Unchanged"
	Changed   Status = "Changed"
	Removed   Status = "Removed"
	Failed    Status = "Failed"
)

// ItemOutcome is what became of one input item.
type ItemOutcome struct {
	Status Status
	// In is the item as it went in: the caller's own pointer.
	In *krm.Item
	// Out is the item as it came out; In itself when Unchanged or Failed, nil
	// when Removed. It carries no internal annotations.
	Out *krm.Item
	// Err is why the item Failed, nil otherwise. errors.As finds a
	// [*FunctionError] in it. It does not name the object: In does.
	Err error
	// Additional items that the function asks Velero for together with this one,
	// in its order, each once; none for an item that is Removed or Failed.
	Additional []krm.AdditionalItem
}

// Outcome is what Transform did.
type Outcome struct {
	// Items has one entry for each input item, in input order.
	Items []ItemOutcome
	// Added are the objects the function created, without internal annotations.
	Added []*krm.Item
	// Results of every call that counts, also of those that failed, in order.
	Results []krm.Result
	// Calls counts how often the function was run, bisection included.
	Calls int
}

// Permissions are the changes to the list, other than changing items, that a
// function may make. The zero value permits none.
type Permissions struct {
	Create, Delete, Rename bool
}

// TransformOptions tune [Transform]. The zero value is ready for use.
type TransformOptions struct {
	// Name of the function in errors.
	Name string
	// Config is the functionConfig, nil for none.
	Config *krm.Item
	// Context are further items the function gets to see in every call, each
	// marked config.kubernetes.io/local-config; what becomes of them is dropped.
	Context []*krm.Item
	// Allow says which changes to the list are permitted.
	Allow Permissions
	// WholeList sends all items in one call and does not bisect on failure: what
	// the function does to an object may depend on any other. Only objects that
	// the function itself names are left out, as Transform says; else every item
	// fails, each with the error that is its own or else with [ErrWholeList].
	WholeList bool
	// AllOrNothing, with WholeList, fails every item when the function names some:
	// for a caller that goes on with failed items as they were, beside which
	// what a run without them gave need not fit. With Validate there is no such
	// run: those that are named fail alone.
	AllOrNothing bool
	// MaxBatchItems is how many items a call gets at most. Default 500:
	// nothing is gained beyond (docs/rationale.md, Measurements).
	MaxBatchItems int
	// MaxBatchBytes is how many bytes of items a call gets at most, one item
	// at least. Default 2 MiB.
	MaxBatchBytes int
	// Validate drops what the function returns and keeps every item as it
	// was: only errors and results count, as in kpt. With exit code 0 or 1, the
	// objects that all results of severity error name fail, and it is not run
	// again on the others, which it has judged.
	Validate bool
	// Sayings are the texts that results of the function always say; none by
	// default.
	Sayings Sayings
	// MaxConcurrency is how many calls run at the same time at most. Default
	// 2, or 1 on a machine with one core: while a function computes, the next
	// batch is encoded and the one before decoded. It has no effect on the
	// order of anything in the outcome.
	MaxConcurrency int
}

// The defaults of [TransformOptions]. The knee of the cost per item is at 50
// to 100 items, beyond 500 nothing is gained; a call stays small enough to be
// sent on to a go-plugin server, which takes 4 MiB (docs/rationale.md,
// Measurements).
const (
	defaultBatchItems  = 500
	defaultBatchBytes  = 2 << 20
	defaultConcurrency = 2
)

// withDefaults returns the options with what is not set filled in.
func (o TransformOptions) withDefaults() TransformOptions {
	if o.MaxBatchItems == 0 {
		o.MaxBatchItems = defaultBatchItems
	}
	if o.MaxBatchBytes == 0 {
		o.MaxBatchBytes = defaultBatchBytes
	}
	if o.MaxConcurrency == 0 {
		o.MaxConcurrency = min(defaultConcurrency, runtime.GOMAXPROCS(0))
	}
	return o
}

func (o TransformOptions) check() error {
	var errs []error
	if o.MaxBatchItems < 0 || o.MaxBatchBytes < 0 || o.MaxConcurrency < 0 {
		errs = append(errs, errors.New("limits must not be negative: MaxBatchItems, MaxBatchBytes, MaxConcurrency"))
	}
	for i, it := range o.Context {
		if it == nil {
			errs = append(errs, fmt.Errorf("item %d of Context is nil", i))
		}
	}
	return errors.Join(errs...)
}

// Transform runs f over items and accounts for each of them.
//
// Items are sent in batches, several at once. Each item carries an id in the
// annotation [IDAnnotation], by which it is found again in the output however
// that is ordered; an item whose id the function dropped is matched by type,
// namespace and name, where that is unique. Before an item is returned, every
// annotation meant for functions and orchestrators that the input did not
// have is removed and every one that it had is restored. An item that is the
// same as its input is returned as the very pointer that came in.
//
// A call counts as a whole or not at all: when it fails, or does what
// [TransformOptions.Allow] does not permit, nothing of its output is used.
//
//   - Where the failure names objects (an object removed, renamed or doubled, a
//     result of severity error with a resourceRef), these fail, and the
//     function runs again on the others.
//   - Otherwise the batch is halved until the objects that fail alone are
//     found, which costs up to two calls per object that fails. As long as
//     nothing of a kind has succeeded, single objects of it are tried first: if 8
//     of them fail, or 3 time out, and none succeeds, the function is taken to
//     fail on everything of that kind, and the rest of it fails with
//     [ErrNotTried], though the function might succeed on some of it. A function
//     that has succeeded on nothing by then gets one try for each further kind,
//     or none if it timed out. In lists of up to 32 objects, each is tried unless
//     they time out.
//   - After 32 calls that timed out, one that times out is not halved again:
//     its objects fail with ErrNotTried, too.
//   - With [TransformOptions.WholeList], only results of severity error that all
//     have the resourceRef of an object of the list name objects: by them the
//     function itself says that the others can do without these. They fail, and
//     the function runs again on the list of the others, as if these had never
//     been in it, up to 8 times in all. Objects of a run that succeeds get what
//     that run gave them. When the runs are used up, or a failure is of any other
//     kind, all that are left fail with [ErrWholeList].
//   - A validator that names objects by such results has judged the others, too,
//     if it ended with exit code 0 or 1; any other ending may have cut it short.
//
// A result with the tag [krm.AdditionalItemTag] asks for an object that is to be
// backed up or restored with the one that its resourceRef names. One that is not
// understood, that names no object of the call, or that a validator gives fails
// the object, or else the call, with [krm.ErrAdditionalItem].
//
// A function that panics fails as one that returns [ErrPanic].
//
// Results and added objects are those of calls that count and of the calls
// that failed an object. If an added or renamed object turns out to be one
// that another call returned too, the items of the call that added it, or
// the renamed ones, fail with [ErrDuplicate]; equal objects that several
// calls added are added once.
//
// f is not called for an empty list. The error is not nil only when ctx ended
// or the options are wrong; everything a function does wrong is told per item
// in the outcome.
func Transform(ctx context.Context, f Function, items []*krm.Item, opts TransformOptions) (*Outcome, error) {
	if err := checkCall(f, items, opts); err != nil {
		return nil, fmt.Errorf("transform: %w", err)
	}
	if len(items) == 0 {
		return &Outcome{}, nil
	}
	e := newEngine(f, items, opts.withDefaults())
	parts := e.runBatches(ctx)
	if e.interrupted.Load() {
		return nil, fmt.Errorf("transform: %w", context.Cause(ctx))
	}
	return e.outcome(parts), nil
}

func checkCall(f Function, items []*krm.Item, opts TransformOptions) error {
	if f == nil {
		return errors.New("no function")
	}
	for i, it := range items {
		if it == nil {
			return fmt.Errorf("item %d is nil", i)
		}
	}
	return opts.check()
}
