package makestagepods

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

// Labels and annotations of the Migration Toolkit for Containers.
const (
	stageLabel      = "migration-included-stage-backup"
	imageAnnotation = "migration.openshift.io/stage-pod-image"
	excludedClaims  = "migration.openshift.io/exclude-pvcs"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("make-stage-pods", "Makes the pods of a migration's stage run hold their claims and sleep; needs context: true.", transform, fn.Describe(fn.About{
		Kinds:  []string{"Pod"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Context: fn.Always},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "pods that sleep beside their claims: %d"

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	run, ok := runcontext.Of(list)
	if !ok {
		return runcontext.ErrNone
	}
	image := run.RestoreAnnotations()[imageAnnotation]
	if image == "" {
		return nil
	}
	staged := 0
	for o := range list.Of("", "Pod") {
		if v, _ := o.GetString("metadata", "labels", stageLabel); v == "" {
			continue
		}
		if err := stage(o, image); err != nil {
			list.Fail(o, err)
			continue
		}
		staged++
	}
	if staged > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, staged)})
	}
	return nil
}

// stage leaves a pod its claims, and lets every container sleep.
func stage(o *fn.Object, image string) error {
	spec, ok := o.Node("spec")
	if !ok {
		return nil
	}
	kept, err := keepClaims(o, spec)
	if err != nil {
		return err
	}
	for _, c := range podspec.Containers(spec) {
		// What mounts a volume that is gone is refused by the API server.
		for _, field := range []string{"volumeMounts", "volumeDevices"} {
			if err := keep(c, field, func(m map[string]any) bool { return slices.Contains(kept, text(m, "name")) }); err != nil {
				return err
			}
		}
	}
	for _, c := range spec.Nodes("containers") {
		if err := errors.Join(c.Set(image, "image"), c.Set([]string{"sleep"}, "command"), c.Set([]string{"infinity"}, "args")); err != nil {
			return err
		}
	}
	return nil
}

// keepClaims takes out all volumes but the claims of the migration, and
// returns the names of these.
func keepClaims(o *fn.Object, spec fn.Node) ([]string, error) {
	var excluded, kept []string
	if names, _ := o.Annotation(excludedClaims); names != "" {
		excluded = strings.Split(names, ",")
	}
	err := keep(spec, "volumes", func(v map[string]any) bool {
		name := text(v, "name")
		if v["persistentVolumeClaim"] == nil || slices.Contains(excluded, name) {
			return false
		}
		kept = append(kept, name)
		return true
	})
	return kept, err
}

// keep leaves in a list the mappings that are wanted; a list that becomes
// empty goes.
func keep(n fn.Node, field string, wanted func(m map[string]any) bool) error {
	v, _ := n.Get(field)
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	kept := slices.DeleteFunc(slices.Clone(list), func(element any) bool {
		m, ok := element.(map[string]any)
		return !ok || !wanted(m)
	})
	if len(kept) == len(list) {
		return nil
	}
	if len(kept) == 0 {
		n.Remove(field)
		return nil
	}
	return n.Set(kept, field)
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}
