package multiitemtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/multiitem"
)

// Selector is what the actions apply to: every field is set, to be compared.
func Selector() multiitem.ResourceSelector {
	return multiitem.ResourceSelector{
		IncludedNamespaces: []string{"shop", "shop-db"},
		ExcludedNamespaces: []string{"kube-system"},
		IncludedResources:  []string{"configmaps", "routes.route.openshift.io"},
		ExcludedResources:  []string{"events"},
		LabelSelector:      "app in (shop)",
	}
}

// scripted is the action that does as it is told.
type scripted struct {
	kill func(context.Context) // ends the process; returns when ctx is over, if at all
}

var (
	_ multiitem.BackupMultiItemAction  = (*scripted)(nil)
	_ multiitem.RestoreMultiItemAction = (*scripted)(nil)
)

// AppliesTo returns Selector.
func (*scripted) AppliesTo(context.Context) (multiitem.ResourceSelector, error) {
	return Selector(), nil
}

// errRefused is how the action refuses a run.
var errRefused = errors.New("pipeline \"to-dr\" does not load")

// act is one call.
type act struct {
	*scripted
	script  Script
	run     multiitem.Run
	items   *multiitem.Stream
	told    multiitem.Record
	answers int
}

// Execute does what the script says.
func (s *scripted) Execute(ctx context.Context, run multiitem.Run, items *multiitem.Stream) error {
	script, err := decode(run)
	if err != nil {
		return err
	}
	if script.Hostile != "" {
		return items.Decline() // it is for the other action
	}
	a := &act{scripted: s, script: script, run: run, items: items}
	a.told = multiitem.Record{Step: "scripted", Digest: "sha256:00", Counts: map[string]int{"total": run.TotalItems}}
	if err := a.read(ctx); err != nil {
		return err
	}
	a.told.Calls = 1
	a.told.Counts["seen"] = a.answers
	items.Record(a.told)
	return nil
}

func (a *act) read(ctx context.Context) error {
	var err error
	switch a.script.Read {
	case "refuse":
		return errRefused
	case "decline":
		return a.items.Decline()
	case "items":
		err = a.each(ctx)
	case "batches":
		err = a.batches(ctx)
	case "all":
		err = a.all(ctx)
	default:
		err = a.items.Each(ctx, a.one)
	}
	if err != nil {
		return err
	}
	return a.create()
}

// one answers one item for Each.
func (a *act) one(ctx context.Context, it *multiitem.Item) (multiitem.Answer, error) {
	a.killDue(ctx)
	a.answers++
	what := a.what(it)
	switch what {
	case DoError:
		return multiitem.Answer{}, errors.New("told to return an error")
	case DoPanic:
		panic("told to panic")
	}
	answer, _, err := a.answer(ctx, it, what)
	return answer, err
}

// each is a loop over items of the action's own.
func (a *act) each(ctx context.Context) error {
	for it, err := range a.items.Items() {
		if err != nil {
			return err
		}
		if err := a.reply(ctx, it); err != nil {
			return err
		}
	}
	return nil
}

func (a *act) batches(ctx context.Context) error {
	for batch, err := range a.items.Batches(a.script.Batch) {
		if err != nil {
			return err
		}
		a.told.Counts["largest"] = max(a.told.Counts["largest"], len(batch))
		a.told.Counts["batches"]++
		for _, it := range batch {
			if err := a.reply(ctx, it); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *act) all(ctx context.Context) error {
	list, err := a.items.All()
	if err != nil {
		return err
	}
	a.told.Counts["largest"] = len(list)
	if err := a.items.Progress("has the list"); err != nil {
		return err
	}
	for _, it := range list {
		if err := a.reply(ctx, it); err != nil {
			return err
		}
	}
	return nil
}

func (a *act) reply(ctx context.Context, it *multiitem.Item) error {
	a.killDue(ctx)
	a.answers++
	answer, ok, err := a.answer(ctx, it, a.what(it))
	if err != nil || !ok {
		return err
	}
	return a.items.Answer(answer)
}

// what returns what to do with an item.
func (a *act) what(it *multiitem.Item) string {
	if a.script.Until > 0 && a.run.Attempt > a.script.Until {
		return ""
	}
	return a.script.Do[it.Index]
}

// killDue ends the process when the script says so for this attempt.
func (a *act) killDue(ctx context.Context) {
	i := a.run.Attempt - 1
	if i < len(a.script.KillAfter) && a.script.KillAfter[i] == a.answers {
		a.kill(ctx)
	}
}

// answer does what is to be done; ok is false when no answer is to be sent.
func (a *act) answer(ctx context.Context, it *multiitem.Item, what string) (_ multiitem.Answer, ok bool, err error) {
	switch what {
	case DoKeep:
		return it.Unchanged(), true, nil
	case DoSkip:
		return it.Skipped("told to skip"), true, nil
	case DoFail:
		return it.Failed("told to fail"), true, nil
	case DoWarn:
		return it.Updated(Changed(it.Object, a.script.Grow)).WithWarnings("told to warn", "twice"), true, nil
	case DoAbort:
		return multiitem.Answer{}, false, errors.New("told to abort")
	case DoBlow:
		panic("told to blow")
	case DoKill:
		a.kill(ctx)
		return multiitem.Answer{}, false, ctx.Err()
	case DoHang:
		<-ctx.Done()
		return multiitem.Answer{}, false, ctx.Err()
	case DoForget:
		return multiitem.Answer{}, false, nil
	}
	answer := it.Updated(Changed(it.Object, a.script.Grow))
	var more []multiitem.ResourceIdentifier
	for i := range a.script.Additional {
		more = append(more, Additional(i))
	}
	return answer.WithAdditional(more...), true, nil
}

// create makes the objects that the script asks for.
func (a *act) create() error {
	for i := range a.script.Create {
		if err := a.items.Create(CreatedObject(i, a.script.Grow)); err != nil {
			return err
		}
	}
	return nil
}

// CreatedObject is the object that the action creates as number i.
func CreatedObject(i, grow int) multiitem.Created {
	id := multiitem.ResourceIdentifier{Resource: "configmaps", Namespace: "shop", Name: fmt.Sprintf("created-%d", i)}
	object := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"shop"}}`, id.Name)
	return multiitem.Created{ID: id, Object: Changed(json.RawMessage(object), grow), From: []int{i}}
}

// Additional is the additional item i that answers name.
func Additional(i int) multiitem.ResourceIdentifier {
	return multiitem.ResourceIdentifier{
		Group: "apps", Resource: "deployments", Namespace: "shop",
		Name: fmt.Sprintf("additional-%06d-%s", i, strings.Repeat("x", 40)),
	}
}

// Changed is an object as the action updates it: with a field, and grow bytes.
func Changed(object json.RawMessage, grow int) json.RawMessage {
	out := append(bytes.Clone(bytes.TrimSuffix(object, []byte("}"))), `,"changed":"`...)
	out = append(out, strings.Repeat("g", grow)...)
	return append(out, `"}`...)
}
