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
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	mia "github.com/velero-krm/velero-krm/multiitem"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"k8s.io/apimachinery/pkg/runtime/schema"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
	"github.com/vmware-tanzu/velero/pkg/test"
)

// memoryList is a List in memory that notes what is done to it.
type memoryList struct {
	mu      sync.Mutex
	names   []string
	objects map[string]string
	out     map[string]bool
	broken  map[string]bool
	notes   []string
}

func newMemoryList(names ...string) *memoryList {
	l := &memoryList{names: names, objects: map[string]string{}, out: map[string]bool{}, broken: map[string]bool{}}
	for _, name := range names {
		l.objects[name] = fmt.Sprintf(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":%q,"namespace":"ns"}}`, name)
	}
	return l
}

func secretID(name string) velero.ResourceIdentifier {
	return velero.ResourceIdentifier{GroupResource: schema.GroupResource{Resource: "secrets"}, Namespace: "ns", Name: name}
}

func (l *memoryList) note(format string, args ...any) {
	l.notes = append(l.notes, fmt.Sprintf(format, args...))
}

func (l *memoryList) Len() int { return len(l.names) }

func (l *memoryList) Item(i int) (velero.ResourceIdentifier, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return secretID(l.names[i]), !l.out[l.names[i]]
}

func (l *memoryList) Load(_ context.Context, i int) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken[l.names[i]] {
		return nil, errors.New("disk is broken")
	}
	return []byte(l.objects[l.names[i]]), nil
}

func (l *memoryList) Update(i int, object []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	head, err := CheckUpdated(object, secretID(l.names[i]), "Secret")
	if err == nil {
		l.note("update %s %v", l.names[i], head.Metadata.Labels)
	}
	return err
}

func (l *memoryList) Skip(i int, action, message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out[l.names[i]] = true
	l.note("skip %s by %s: %s", l.names[i], action, message)
}

func (l *memoryList) Fail(i int, action string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := "-"
	if i >= 0 {
		name = l.names[i]
		l.out[name] = true
	}
	l.note("fail %s by %s: %v", name, action, err)
}

func (l *memoryList) Warn(i int, action, message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	name := "-"
	if i >= 0 {
		name = l.names[i]
	}
	l.note("warn %s by %s: %s", name, action, message)
}

func (l *memoryList) Create(action string, id velero.ResourceIdentifier, object []byte, from []int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id.Name == "refused" {
		return errors.New("not here")
	}
	l.names = append(l.names, id.Name)
	l.objects[id.Name] = string(object)
	l.note("create %s by %s from %v", id.Name, action, from)
	return nil
}

func (l *memoryList) Additional(i int, _ string, ids []velero.ResourceIdentifier) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note("additional of %s: %d", l.names[i], len(ids))
}

// testAction is an action whose parts can be plugged.
type testAction struct {
	selector mia.ResourceSelector
	// silent makes AppliesTo say nothing until its caller gives up.
	silent  bool
	answer  func(it *mia.Item, items *mia.Stream) mia.Answer
	execute func(ctx context.Context, run mia.Run, items *mia.Stream) error

	mu   sync.Mutex
	seen []string
	// die ends the process that serves the action.
	die func()
	// starts and kills count processes, stops those that were asked to exit.
	starts, kills, stops int
}

func (a *testAction) AppliesTo(ctx context.Context) (mia.ResourceSelector, error) {
	if a.silent {
		<-ctx.Done()
		return mia.ResourceSelector{}, ctx.Err()
	}
	return a.selector, nil
}

func (a *testAction) Execute(ctx context.Context, run mia.Run, items *mia.Stream) error {
	if a.execute != nil {
		return a.execute(ctx, run, items)
	}
	return items.Each(ctx, func(_ context.Context, it *mia.Item) (mia.Answer, error) {
		a.mu.Lock()
		a.seen = append(a.seen, it.ID.Name)
		a.mu.Unlock()
		if a.answer == nil {
			return it.Unchanged(), nil
		}
		return a.answer(it, items), nil
	})
}

// testManager is a plugin manager with one process for each start.
type testManager map[string]*testAction

func (m testManager) MultiItemActions(kind mia.Kind) []Plugin {
	registry := mia.NewRegistry()
	for name, action := range m {
		_ = registry.RegisterRestore(name, func(*slog.Logger) (mia.RestoreMultiItemAction, error) { return action, nil })
	}
	var plugins []Plugin
	for _, name := range registry.Names(kind) {
		plugins = append(plugins, Plugin{Name: name, Start: func(context.Context) (*mia.Process, error) {
			return m[name].serve(registry, kind, name)
		}})
	}
	return plugins
}

func (a *testAction) serve(registry *mia.Registry, kind mia.Kind, name string) (*mia.Process, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer()
	registry.RegisterServices(server)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(listener)
	}()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.starts++
	a.die = server.Stop
	a.mu.Unlock()
	return &mia.Process{Client: mia.NewClient(kind, name, conn), Stop: func(failed bool) {
		a.mu.Lock()
		if failed {
			a.kills++
		} else {
			a.stops++
		}
		a.mu.Unlock()
		server.Stop()
		<-served
		_ = conn.Close()
	}}, nil
}

func resolve(t *testing.T, manager any) *Actions {
	t.Helper()
	helper := test.NewFakeDiscoveryHelper(false, map[schema.GroupVersionResource]schema.GroupVersionResource{
		{Resource: "secret"}: {Version: "v1", Resource: "secrets"},
	})
	actions, err := Resolve(t.Context(), Config{
		Kind:      mia.KindRestore,
		Manager:   manager,
		Discovery: helper,
		Log:       test.NewLogger(),
		Backup:    &velerov1api.Backup{},
		Restore:   &velerov1api.Restore{},
	})
	require.NoError(t, err)
	t.Cleanup(actions.Close)
	return actions
}

func TestNoActions(t *testing.T) {
	for name, manager := range map[string]any{"no manager": nil, "another manager": 1, "no actions": testManager{}} {
		t.Run(name, func(t *testing.T) {
			actions := resolve(t, manager)
			assert.Nil(t, actions)
			assert.True(t, actions.Idle())
			require.NoError(t, actions.Run(t.Context(), newMemoryList("a")))
		})
	}
}

func TestRunAnswers(t *testing.T) {
	action := &testAction{answer: func(it *mia.Item, items *mia.Stream) mia.Answer {
		switch it.ID.Name {
		case "update":
			return it.Updated([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"update","namespace":"ns","labels":{"a":"b"}}}`)).WithWarnings("look")
		case "move":
			return it.Updated([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"name":"move","namespace":"other"}}`))
		case "skip":
			return it.Skipped("not wanted")
		case "fail":
			failed := it.Failed("no such thing")
			failed.Errors = []string{"not created: x"}
			return failed
		case "ask":
			return it.Unchanged().WithAdditional(mia.ResourceIdentifier{Resource: "secrets", Name: "x"})
		case "create":
			for _, name := range []string{"new", "refused"} {
				_ = items.Create(mia.Created{ID: mia.ResourceIdentifier{Resource: "secrets", Namespace: "ns", Name: name}, Object: it.Object, From: []int{it.Index}})
			}
		}
		return it.Unchanged()
	}}
	list := newMemoryList("update", "out", "broken", "move", "skip", "fail", "ask", "create")
	list.out["out"], list.broken["broken"] = true, true
	require.NoError(t, resolve(t, testManager{"example.com/all": action}).Run(t.Context(), list))

	assert.ElementsMatch(t, []string{
		"warn update by example.com/all: look",
		"update update map[a:b]",
		"fail broken by example.com/all: error loading item: disk is broken",
		`fail move by example.com/all: action changed the namespace from "ns" to "other"`,
		"skip skip by example.com/all: not wanted",
		"fail fail by example.com/all: no such thing",
		"fail - by example.com/all: not created: x",
		"additional of ask: 1",
		"create new by example.com/all from [7]",
		"fail - by example.com/all: error adding secrets ns/refused: not here",
	}, list.notes)
	assert.Equal(t, []string{"update", "move", "skip", "fail", "ask", "create"}, action.seen)
	assert.Equal(t, 1, action.starts)
}

func TestRunSelects(t *testing.T) {
	tests := map[string]struct {
		selector mia.ResourceSelector
		want     []string
	}{
		"everything":            {want: []string{"a", "b"}},
		"a short resource name": {selector: mia.ResourceSelector{IncludedResources: []string{"secret"}}, want: []string{"a", "b"}},
		"another resource":      {selector: mia.ResourceSelector{IncludedResources: []string{"pods"}}},
		"an excluded resource":  {selector: mia.ResourceSelector{ExcludedResources: []string{"secrets"}}},
		"another namespace":     {selector: mia.ResourceSelector{IncludedNamespaces: []string{"other"}}},
		"labels":                {selector: mia.ResourceSelector{LabelSelector: "a=b"}, want: []string{"b"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			action := &testAction{selector: tc.selector}
			list := newMemoryList("a", "b")
			list.objects["b"] = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b","namespace":"ns","labels":{"a":"b"}}}`
			require.NoError(t, resolve(t, testManager{"example.com/all": action}).Run(t.Context(), list))
			assert.Equal(t, tc.want, action.seen)
		})
	}
}

func TestRunRefused(t *testing.T) {
	action := &testAction{execute: func(context.Context, mia.Run, *mia.Stream) error { return errors.New("no pipeline x") }}
	err := resolve(t, testManager{"example.com/all": action}).Run(t.Context(), newMemoryList("a"))
	require.ErrorContains(t, err, `error running multi-item action "example.com/all"`)
	require.ErrorContains(t, err, "no pipeline x")
}

// TestProcessIsKept verifies that one process serves all calls, and that one
// that failed is killed and replaced.
func TestProcessIsKept(t *testing.T) {
	action := &testAction{}
	dead := false
	execute := func(ctx context.Context, _ mia.Run, items *mia.Stream) error {
		for it, err := range items.Items() {
			if err != nil {
				return err
			}
			if !dead {
				dead = true
				go action.die()
				<-ctx.Done()
				return ctx.Err()
			}
			if err := items.Answer(it.Unchanged()); err != nil {
				return err
			}
		}
		return nil
	}
	actions := resolve(t, testManager{"example.com/all": action})
	require.NoError(t, actions.Run(t.Context(), newMemoryList("a")))
	require.NoError(t, actions.RunLate(t.Context(), newMemoryList("b")))
	assert.Equal(t, 1, action.starts)

	action.execute = execute
	list := newMemoryList("c", "d")
	require.NoError(t, actions.RunLate(t.Context(), list))
	assert.Equal(t, 2, action.starts)
	assert.Equal(t, 1, action.kills)
	require.Len(t, list.notes, 1)
	assert.Contains(t, list.notes[0], "warn - by example.com/all: ")

	actions.Close()
	assert.Equal(t, 1, action.stops)
}

func TestDeclined(t *testing.T) {
	calls := 0
	action := &testAction{execute: func(_ context.Context, _ mia.Run, items *mia.Stream) error {
		calls++
		return items.Decline()
	}}
	actions := resolve(t, testManager{"example.com/all": action})
	require.NoError(t, actions.Run(t.Context(), newMemoryList("a")))
	assert.True(t, actions.Idle())
	require.NoError(t, actions.RunLate(t.Context(), newMemoryList("b")))
	assert.Equal(t, 1, calls)
}

// TestProcessWithoutStop verifies that a process whose owner ends it otherwise
// needs no Stop, whether it failed or not.
func TestProcessWithoutStop(t *testing.T) {
	p := &process{start: func(context.Context) (*mia.Process, error) { return &mia.Process{}, nil }}
	for _, failed := range []bool{false, true} {
		running, err := p.get(t.Context())
		require.NoError(t, err)
		running.Stop(failed)
	}
	_, err := p.get(t.Context())
	require.NoError(t, err)
	p.close()
	assert.Nil(t, p.current)
}

// TestResolveSilentAction verifies that an action which never tells what it
// applies to does not hold up the run for ever, and that its process is killed.
func TestResolveSilentAction(t *testing.T) {
	t.Setenv(TimeoutEnv, "100ms")
	action := &testAction{silent: true}
	_, err := Resolve(t.Context(), Config{
		Kind:    mia.KindRestore,
		Manager: testManager{"example.com/silent": action},
		Log:     test.NewLogger(),
		Restore: &velerov1api.Restore{},
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, `"example.com/silent"`)
	assert.Equal(t, 1, action.kills)
}
