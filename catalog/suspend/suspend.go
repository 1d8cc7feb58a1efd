package suspend

import (
	"context"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// Suspend is what the field becomes; nil means true.
	Suspend *bool `json:"suspend" doc:"true to suspend, false to resume; default true"`
}

// Default suspends.
func (c *Config) Default() {
	if c.Suspend == nil {
		yes := true
		c.Suspend = &yes
	}
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("suspend", "Suspends what starts work by itself, CronJobs, Jobs and the like of other controllers, or resumes it.", transform, fn.Describe(fn.About{Kinds: kinds()}), fn.Says(saidSuspended, saidResumed))
}

// What it says when it is done.
const (
	saidSuspended = "suspended (objects: %d)"
	saidResumed   = "resumed (objects: %d)"
)

// kinds names those that have a switch.
func kinds() []string {
	var names []string
	for k := range switches() {
		names = append(names, k.kind+"."+k.group)
	}
	slices.Sort(names)
	return names
}

func transform(_ context.Context, c Config, list *fn.List) error {
	changed, fields := 0, switches()
	for o := range list.All() {
		id := o.Identity()
		field, ok := fields[groupKind{id.Group(), id.Kind}]
		if !ok {
			continue
		}
		now, _ := o.GetBool(field...)
		if now == *c.Suspend {
			continue
		}
		if err := o.Set(*c.Suspend, field...); err != nil {
			list.Fail(o, err)
			continue
		}
		changed++
	}
	if changed > 0 {
		what := saidSuspended
		if !*c.Suspend {
			what = saidResumed
		}
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(what, changed)})
	}
	return nil
}

type groupKind struct{ group, kind string }

// switches are the booleans that suspend an object, by kind.
func switches() map[groupKind][]string {
	suspend, paused := []string{"spec", "suspend"}, []string{"spec", "paused"}
	fields := map[groupKind][]string{}
	add := func(field []string, group string, kinds ...string) {
		for _, kind := range kinds {
			fields[groupKind{group, kind}] = field
		}
	}
	add(suspend, "batch", "CronJob", "Job")
	add(suspend, "argoproj.io", "CronWorkflow", "Workflow")
	add(suspend, "kustomize.toolkit.fluxcd.io", "Kustomization")
	add(suspend, "helm.toolkit.fluxcd.io", "HelmRelease")
	add(suspend, "source.toolkit.fluxcd.io", "GitRepository", "HelmRepository", "HelmChart", "Bucket", "OCIRepository")
	add(suspend, "image.toolkit.fluxcd.io", "ImageRepository", "ImageUpdateAutomation")
	add(paused, "volsync.backube", "ReplicationSource", "ReplicationDestination")
	add(paused, "velero.io", "Schedule")
	return fields
}
