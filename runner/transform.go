package runner

import (
	"context"

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
	// [*FunctionError] in it.
	Err error
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
	// WholeList sends all items in one call and does not bisect on failure:
	// every item fails.
	WholeList bool
	// MaxBatchItems is how many items a call gets at most. Default 500:
	// nothing is gained beyond (krm-contract.md section 5.2).
	MaxBatchItems int
	// MaxBatchBytes is how many bytes of items a call gets at most, one item
	// at least. Default 2 MiB.
	MaxBatchBytes int
	// Validate drops what the function returns and keeps every item as it
	// was: only errors and results count (krm-contract.md item 41).
	Validate bool
}

// Transform runs f over items and accounts for each of them.
//
// The error is not nil only when ctx ended or the options are wrong;
// everything a function does wrong is told per item in the outcome.
func Transform(ctx context.Context, f Function, items []*krm.Item, opts TransformOptions) (*Outcome, error) {
	panic("todo")
}
