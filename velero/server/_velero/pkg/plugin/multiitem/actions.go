/*
Copyright the Velero contributors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package multiitem

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"
	mia "github.com/velero-krm/velero-krm/multiitem"
)

// TimeoutEnv is the variable of the server's environment that overrides how
// long an action may say nothing while items wait for it, as "10m".
const TimeoutEnv = "VELERO_MULTI_ITEM_PROGRESS_TIMEOUT"

// defaultTimeout is long: an action at work tells so now and then; one that is
// silent for half an hour hangs, and its process is replaced.
const defaultTimeout = 30 * time.Minute

func progressTimeout() (time.Duration, error) {
	text := os.Getenv(TimeoutEnv)
	if text == "" {
		return defaultTimeout, nil
	}
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 {
		return 0, fmt.Errorf("error reading %s: %q is no positive duration, as 10m", TimeoutEnv, text)
	}
	return timeout, nil
}

// Actions are the multi-item actions of one backup or restore. A nil *Actions
// has none. It is safe for concurrent use.
type Actions struct {
	log     logrus.FieldLogger
	actions []*action
	// run is what all calls share. The Backup and Restore are encoded once:
	// Velero changes their status while late calls are made.
	run mia.Run
	// timeout is how long an action may say nothing.
	timeout time.Duration
}

// action is one of them.
type action struct {
	name     string
	selector *selector
	process  *process
	// declined is set when the action had nothing to do with the list: it gets
	// no late items then.
	declined atomic.Bool
}

// Resolve asks the registered actions which items they want. It returns nil
// when there are none. Close the result.
func Resolve(ctx context.Context, config Config) (*Actions, error) {
	getter, ok := config.Manager.(Getter)
	if !ok {
		return nil, nil
	}
	plugins := getter.MultiItemActions(config.Kind)
	if len(plugins) == 0 {
		return nil, nil
	}

	timeout, err := progressTimeout()
	if err != nil {
		return nil, err
	}
	a := &Actions{log: config.Log, timeout: timeout}
	if a.run.Backup, err = encode(config.Backup, config.Backup == nil); err != nil {
		return nil, fmt.Errorf("error encoding backup: %w", err)
	}
	if a.run.Restore, err = encode(config.Restore, config.Restore == nil); err != nil {
		return nil, fmt.Errorf("error encoding restore: %w", err)
	}
	for _, plugin := range plugins {
		process := &process{start: plugin.Start}
		a.actions = append(a.actions, &action{name: plugin.Name, process: process})
		if a.actions[len(a.actions)-1].selector, err = resolveSelector(ctx, process, timeout, config.Discovery); err != nil {
			a.Close()
			return nil, fmt.Errorf("error resolving multi-item action %q: %w", plugin.Name, err)
		}
	}
	return a, nil
}

func encode(object any, missing bool) (json.RawMessage, error) {
	if missing {
		return nil, nil
	}
	return json.Marshal(object)
}

// Run gives the items of the list to the actions, one action after the other.
//
// It returns an error when an action refuses the run or cannot be run at all;
// the backup or restore must fail then, before anything is written or created.
// Everything that is about single items goes to the list.
func (a *Actions) Run(ctx context.Context, list List) error {
	return a.runAll(ctx, list, false)
}

// RunLate is Run for items that join after Run was called. Actions that had
// nothing to do in Run are left out. When it returns an error, the items have
// not been through all actions and must not be used.
func (a *Actions) RunLate(ctx context.Context, list List) error {
	return a.runAll(ctx, list, true)
}

func (a *Actions) runAll(ctx context.Context, list List, late bool) error {
	if a == nil {
		return nil
	}
	for _, action := range a.actions {
		if late && action.declined.Load() {
			continue
		}
		if err := a.runOne(ctx, action, list, late); err != nil {
			return fmt.Errorf("error running multi-item action %q: %w", action.name, err)
		}
	}
	return nil
}

func (a *Actions) runOne(ctx context.Context, action *action, list List, late bool) error {
	log := a.log.WithField("multiItemAction", action.name)
	feed := newFeed(list, action)
	run := a.run
	run.Late = late
	run.TotalItems = feed.count()
	if late && run.TotalItems == 0 {
		return nil
	}
	if !late {
		log.Infof("Running multi-item action on up to %d items", run.TotalItems)
	}

	runner := mia.NewRunner(action.process.get, mia.WithRunnerLogger(newSlog(log)))
	summary, err := runner.Run(ctx, mia.Job{
		Run:    run,
		Source: feed,
		Sink:   feed,
		Limits: mia.Limits{ProgressTimeout: a.timeout},
	})
	if err != nil {
		return err
	}
	if !late {
		action.declined.Store(summary.NothingToDo)
	}
	report(log, summary, late)
	for _, failure := range summary.Failures {
		list.Warn(-1, action.name, failure.Error())
	}
	if summary.Unclosed != nil {
		list.Fail(-1, action.name, fmt.Errorf("objects that the action was to create at its end may be missing: %w", summary.Unclosed))
	}
	return nil
}

// report tells the log what an action did. Late calls are about single items
// and would fill it.
func report(log logrus.FieldLogger, summary *mia.Summary, late bool) {
	total := log.WithFields(logrus.Fields{
		"updated":   summary.Statuses[mia.Updated],
		"unchanged": summary.Statuses[mia.Unchanged],
		"skipped":   summary.Statuses[mia.Skipped],
		"failed":    summary.Statuses[mia.Failed],
		"created":   summary.Created,
		"calls":     summary.Calls,
		"processes": summary.Starts,
	})
	switch {
	case late:
		total.Debug("Ran multi-item action on late items")
	case summary.NothingToDo:
		total.Info("Multi-item action has nothing to do")
	default:
		total.Info("Ran multi-item action")
	}
	for _, record := range summary.Records {
		log.WithFields(logrus.Fields{
			"step":          record.Step,
			"function":      record.Function,
			"digest":        record.Digest,
			"functionCalls": record.Calls,
			"counts":        record.Counts,
			"durations":     record.Durations,
		}).Debug("Step of multi-item action")
	}
}

// Idle tells that no action has anything to do in this run.
func (a *Actions) Idle() bool {
	if a == nil {
		return true
	}
	for _, action := range a.actions {
		if !action.declined.Load() {
			return false
		}
	}
	return true
}

// Close ends the processes of the actions. Nothing may run any more.
func (a *Actions) Close() {
	if a == nil {
		return
	}
	for _, action := range a.actions {
		action.process.close()
	}
}
