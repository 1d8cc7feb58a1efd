package multiitem

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Kind is a go-plugin kind, as hosts dispense it and Velero lists it.
type Kind string

// The two kinds.
const (
	KindBackup  Kind = "BackupMultiItemAction"
	KindRestore Kind = "RestoreMultiItemAction"
)

// Kinds returns both kinds.
func Kinds() []Kind { return []Kind{KindBackup, KindRestore} }

// ResourceSelector tells which items an action wants. It has the fields of
// Velero's type of that name, and the zero value matches everything.
type ResourceSelector struct {
	// IncludedNamespaces to match; empty matches all.
	IncludedNamespaces []string
	// ExcludedNamespaces to leave out of the included.
	ExcludedNamespaces []string
	// IncludedResources to match, as "services", "svc" or
	// "ingresses.networking.k8s.io"; empty matches all.
	IncludedResources []string
	// ExcludedResources to leave out of the included.
	ExcludedResources []string
	// LabelSelector in its string form; empty matches all.
	LabelSelector string
}

// ResourceIdentifier names one object of the cluster.
type ResourceIdentifier struct {
	// Group is empty for the core group.
	Group string
	// Resource is plural and lower case, as "deployments".
	Resource string
	// Namespace is the original one on a restore, and empty for cluster-scoped
	// objects.
	Namespace string
	Name      string
}

// String returns resource.group namespace/name, as errors name objects.
func (r ResourceIdentifier) String() string {
	s := r.Resource
	if r.Group != "" {
		s += "." + r.Group
	}
	if r.Namespace != "" {
		return s + " " + r.Namespace + "/" + r.Name
	}
	return s + " " + r.Name
}

// Run is what one call of Execute is for.
type Run struct {
	// Action is the name of the action.
	Action string
	// Backup as JSON. On a restore, the backup that is restored; empty when the
	// host has none.
	Backup json.RawMessage
	// Restore as JSON; empty on a backup.
	Restore json.RawMessage
	// TotalItems that the host expects to send; a hint, 0 when it does not know.
	TotalItems int
	// Attempt is 1, and one more each time the items that a process left
	// unanswered are sent again. Hosts leave it to the [Runner].
	Attempt int
	// Late is true for items that joined a backup after its list was
	// processed; they come in a call of their own.
	Late bool
}

// Item is one object of the list. Treat it as read-only.
type Item struct {
	// Index is what answers refer to. The host's side sets it.
	Index int
	// ID is what Velero calls the object.
	ID ResourceIdentifier
	// Object as JSON: on a backup as it is in the cluster, on a restore as it is
	// in the backup, both with status and owner references.
	Object json.RawMessage
}

// Updated answers with another object in the place of the item's.
func (it *Item) Updated(object json.RawMessage) Answer {
	return Answer{Index: it.Index, Status: Updated, Object: object}
}

// Unchanged answers that the item stays as it is.
func (it *Item) Unchanged() Answer {
	return Answer{Index: it.Index, Status: Unchanged}
}

// Skipped answers that the item is left out of the backup or restore. The
// message tells a person why.
func (it *Item) Skipped(message string) Answer {
	return Answer{Index: it.Index, Status: Skipped, Message: message}
}

// Failed answers that the item could not be processed. The message, which must
// not contain what is in a Secret, tells a person why.
func (it *Item) Failed(message string) Answer {
	return Answer{Index: it.Index, Status: Failed, Message: message}
}

// Status is what became of an item.
type Status int

// What can become of an item. The zero value is not an answer.
const (
	_ Status = iota
	// Updated: [Answer.Object] takes the item's place.
	Updated
	// Unchanged: the item stays as it was sent.
	Unchanged
	// Skipped: the item is left out.
	Skipped
	// Failed: the item could not be processed.
	Failed
)

// String returns the status in upper case, as on the wire.
func (s Status) String() string {
	switch s {
	case Updated:
		return "UPDATED"
	case Unchanged:
		return "UNCHANGED"
	case Skipped:
		return "SKIPPED"
	case Failed:
		return "FAILED"
	default:
		return fmt.Sprintf("Status(%d)", int(s))
	}
}

// Answer is what an action says about one item.
type Answer struct {
	// Index of the item.
	Index int
	// Status is one of the four.
	Status Status
	// Object as JSON, if and only if the status is Updated.
	Object json.RawMessage
	// Message tells why, for Skipped and Failed.
	Message string
	// Warnings that a person should see though the item is fine.
	Warnings []string
	// Errors that are not about the item, as an object that could not be created
	// of it. The host counts each; the item stays what its status says.
	Errors []string
	// AdditionalItems that must be backed up or restored too.
	AdditionalItems []ResourceIdentifier
	// Err is set on the host's side alone, for an item that failed without an
	// answer of the action: *[ItemError]. Message then says the same.
	Err error
}

// WithWarnings returns the answer with further warnings.
func (a Answer) WithWarnings(warnings ...string) Answer {
	a.Warnings = append(slices.Clip(a.Warnings), warnings...)
	return a
}

// WithAdditional returns the answer with further additional items.
func (a Answer) WithAdditional(ids ...ResourceIdentifier) Answer {
	a.AdditionalItems = append(slices.Clip(a.AdditionalItems), ids...)
	return a
}

// Created is an object that was not in the list.
type Created struct {
	// ID names the new object. A host keeps the first of several with one name.
	ID ResourceIdentifier
	// Object as JSON.
	Object json.RawMessage
	// From are the indexes of the items it was made from; may be empty.
	From []int
}

// Record tells about one step of what an action did.
type Record struct {
	// Step is its name.
	Step string
	// Function is what ran; may be empty.
	Function string
	// Digest of what ran, "sha256:<hex>"; may be empty.
	Digest string
	// Calls is how often it was called.
	Calls int
	// Counts of items, as "changed": 12.
	Counts map[string]int
	// Durations by phase, as "run".
	Durations map[string]time.Duration
	// Results are what the step said.
	Results []Result
	// StderrTail is the redacted end of its standard error.
	StderrTail string
}

// Result is one thing that a step said.
type Result struct {
	// Severity is "info", "warning" or "error".
	Severity string
	Message  string
	// Index of the item that it is about; nil when it is about no single one.
	Index *int
}

// Closing ends a call that succeeded.
type Closing struct {
	// Answers and Created count what the call carried.
	Answers, Created int
	// Records tell about its steps.
	Records []Record
	// NothingToDo is true when the action declined the run: no item was sent,
	// and all are unchanged.
	NothingToDo bool
	// WholeList is true when the action got all items before it answered the
	// first, and answers were taken all or none.
	WholeList bool
}
