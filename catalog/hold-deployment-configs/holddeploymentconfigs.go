package holddeploymentconfigs

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/restorehooks"
	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// What openshift-velero-plugin notes on backup.
const (
	fixedAnnotation   = "oadp.openshift.io/includes-dm-dc-fix"
	hooksAnnotation   = "oadp.openshift.io/has-pod-restore-hooks"
	volumesAnnotation = "oadp.openshift.io/pods-have-volumes"
	labelsAnnotation  = "oadp.openshift.io/pod-labels"
)

// What its script for after the restore looks for.
const (
	replicasAnnotation = "oadp.openshift.io/original-replicas"
	pausedAnnotation   = "oadp.openshift.io/original-paused"
	modifiedLabel      = "oadp.openshift.io/replicas-modified"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("hold-deployment-configs", "Sets DeploymentConfigs whose pods have data or hooks to restore to no replicas and notes how many there were; needs context: true.", transform, fn.Describe(fn.About{
		Kinds:  []string{"DeploymentConfig.apps.openshift.io"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Context: fn.Always},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "held at no replicas (objects: %d)"

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	run, ok := runcontext.Of(list)
	if !ok {
		return runcontext.ErrNone
	}
	hooks, held := restorehooks.Of(run), 0
	for o := range list.Of("apps.openshift.io", "DeploymentConfig") {
		replicas, _ := o.GetInt("spec", "replicas")
		if replicas <= 0 || !mustHold(o, run, hooks) {
			continue
		}
		if err := hold(o, replicas, syntax.LabelValue(run.RestoreName())); err != nil {
			list.Fail(o, err)
			continue
		}
		held++
	}
	if held > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, held)})
	}
	return nil
}

// mustHold reports whether the pods of a DeploymentConfig are restored
// themselves. Backups of old versions do not tell, but for how they copied
// volumes.
func mustHold(o *fn.Object, run runcontext.Context, hooks restorehooks.Hooks) bool {
	if fixed, _ := o.Annotation(fixedAnnotation); fixed != "true" {
		return run.FileBackup()
	}
	for _, key := range []string{hooksAnnotation, volumesAnnotation} {
		if v, _ := o.Annotation(key); v == "true" {
			return true
		}
	}
	// No labels were noted where there were no pods: nothing is restored that a
	// hook could run in, and that DeploymentConfig would take away.
	text, _ := o.Annotation(labelsAnnotation)
	labels := parseLabels(text)
	return len(labels) > 0 && hooks.Match(o.Identity().Namespace, func(key string) (string, bool) {
		v, ok := labels[key]
		return v, ok
	})
}

// parseLabels reads a=b,c=d.
func parseLabels(text string) map[string]string {
	labels := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok {
			labels[key] = value
		}
	}
	return labels
}

func hold(o *fn.Object, replicas int64, restore string) error {
	paused, _ := o.GetBool("spec", "paused")
	for _, set := range []struct {
		value any
		path  []string
	}{
		{strconv.FormatInt(replicas, 10), []string{"metadata", "annotations", replicasAnnotation}},
		{strconv.FormatBool(paused), []string{"metadata", "annotations", pausedAnnotation}},
		{restore, []string{"metadata", "labels", modifiedLabel}},
		{0, []string{"spec", "replicas"}},
	} {
		if err := o.Set(set.value, set.path...); err != nil {
			return err
		}
	}
	if paused {
		return o.Set(false, "spec", "paused")
	}
	return nil
}
