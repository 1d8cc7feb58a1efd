package multiitemtest

import (
	"encoding/json"
	"fmt"

	"github.com/velero-krm/velero-krm/multiitem"
)

// Names of the actions that [Plugins] serves, both as backup and as restore
// actions.
const (
	// Scripted does what the Script in the run's Backup or Restore says.
	Scripted = "test.velero-krm.io/scripted"
	// Hostile breaks the protocol as Script.Hostile says.
	Hostile = "test.velero-krm.io/hostile"
	// Broken cannot be made; it is a backup action alone.
	Broken = "test.velero-krm.io/broken"
)

// ScriptAnnotation of a Backup or Restore holds the Script as JSON, for hosts
// that send real ones. Without it the actions decline.
const ScriptAnnotation = "test.velero-krm.io/script"

// Script tells the actions what to do. It travels as the run's Backup, on a
// restore as its Restore, or in an annotation of it.
type Script struct {
	// Read is how the action reads: "each" (default), "items", "batches", "all",
	// "decline" or "refuse".
	Read string `json:"read,omitempty"`
	// Batch is the limit of "batches".
	Batch int `json:"batch,omitempty"`
	// Do is what to do by index, instead of updating the item: one of the
	// constants below.
	Do map[int]string `json:"do,omitempty"`
	// Until is the last attempt in which Do holds; 0: it always does.
	Until int `json:"until,omitempty"`
	// KillAfter kills the process in attempt i+1 when it has answered so many
	// items; a negative number does not.
	KillAfter []int `json:"killAfter,omitempty"`
	// Grow is how many bytes an update adds to the object.
	Grow int `json:"grow,omitempty"`
	// Create is how many objects to create at the end.
	Create int `json:"create,omitempty"`
	// Additional is how many additional items each answer names.
	Additional int `json:"additional,omitempty"`
	// Hostile is what the action [Hostile] does, one of [Hostilities].
	Hostile string `json:"hostile,omitempty"`
}

// What Script.Do can ask for.
const (
	DoKeep   = "keep"   // answer UNCHANGED
	DoSkip   = "skip"   // answer SKIPPED
	DoFail   = "fail"   // answer FAILED
	DoWarn   = "warn"   // answer UPDATED, with a warning
	DoError  = "error"  // return an error for the item
	DoPanic  = "panic"  // panic while the item is processed
	DoAbort  = "abort"  // return an error from Execute
	DoBlow   = "blow"   // panic out of Execute
	DoKill   = "kill"   // kill the process
	DoHang   = "hang"   // never answer, and stop reading
	DoForget = "forget" // do not answer, but go on
)

// Encode returns the run that carries the script.
func (s Script) Encode(kind multiitem.Kind) (multiitem.Run, error) {
	data, err := json.Marshal(s)
	if err != nil {
		return multiitem.Run{}, fmt.Errorf("encode script: %w", err)
	}
	if kind == multiitem.KindRestore {
		return multiitem.Run{Restore: data}, nil
	}
	return multiitem.Run{Backup: data}, nil
}

// decode returns the script of a run.
func decode(run multiitem.Run) (Script, error) {
	data := run.Restore
	if len(data) == 0 {
		data = run.Backup
	}
	var object struct {
		Metadata *struct {
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(data, &object); err != nil {
		return Script{}, fmt.Errorf("decode script: %w", err)
	}
	if object.Metadata != nil {
		text, ok := object.Metadata.Annotations[ScriptAnnotation]
		if !ok {
			return Script{Read: "decline"}, nil
		}
		data = []byte(text)
	}
	var s Script
	if err := json.Unmarshal(data, &s); err != nil {
		return Script{}, fmt.Errorf("decode script: %w", err)
	}
	return s, nil
}
