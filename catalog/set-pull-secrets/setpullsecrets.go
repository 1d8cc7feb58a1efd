package setpullsecrets

import (
	"context"
	"fmt"
	"strings"

	inrun "github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/runcontext"
	"github.com/velero-krm/velero-krm/krm"
)

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-pull-secrets", "Names in pods and builds the registry credentials that the new OpenShift cluster generated; needs context: true.", transform, fn.Describe(fn.About{
		Kinds:  []string{"Pod", "BuildConfig.build.openshift.io"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Context: fn.Always},
	}), fn.NeedFacts(runcontext.PullSecrets), fn.Says(saidNamed, saidReleased))
}

// What it says when it is done.
const (
	saidNamed    = "generated pull secrets named as in the new cluster: %d"
	saidReleased = "generated pull secrets left to the new cluster to name: %d"
)

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	run, ok := inrun.Of(list)
	if !ok {
		return inrun.ErrNone
	}
	s := setter{run: run, secrets: run.Cluster().PullSecrets}
	for o := range list.All() {
		var err error
		switch {
		case o.Is("", "Pod"):
			err = s.pod(o)
		case o.Is("build.openshift.io", "BuildConfig"):
			err = s.build(o)
		}
		if err != nil {
			list.Fail(o, err)
		}
	}
	s.report(list)
	return nil
}

// setter changes the credentials of objects, one after the other.
type setter struct {
	run     inrun.Context
	secrets map[string][]runcontext.PullSecret
	// Names that were given, and names that were taken out.
	named, released int
}

func (s *setter) report(list *fn.List) {
	if s.named > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(saidNamed, s.named)})
	}
	if s.released > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(saidReleased, s.released)})
	}
}

// accounts are those that OpenShift makes in every project. Each has a Secret
// called <account>-dockercfg-<random>.
var accounts = [...]string{"builder", "default", "deployer"}

// generated returns whose generated Secret a name is, and false for one that a
// person gave.
func generated(name string) (account string, ok bool) {
	for _, account := range accounts {
		if strings.HasPrefix(name, account+"-dockercfg-") {
			return account, true
		}
	}
	return "", false
}

// replace returns the name in the new cluster; empty when it is not known.
func (s *setter) replace(o *fn.Object, account string) string {
	for _, secret := range s.secrets[s.run.NewNamespace(o.Identity().Namespace)] {
		if secret.ServiceAccount == account {
			return secret.Name
		}
	}
	return ""
}

// pod changes the list of a pod. What is not known is taken out: the admission
// of pods puts in what the service account has, but only into an empty list.
func (s *setter) pod(o *fn.Object) error {
	v, _ := o.Get("spec", "imagePullSecrets")
	list, ok := v.([]any)
	if !ok {
		return nil
	}
	kept := make([]any, 0, len(list))
	for _, element := range list {
		ref, _ := element.(map[string]any)
		old, _ := ref["name"].(string)
		account, ok := generated(old)
		if !ok {
			kept = append(kept, element)
			continue
		}
		name := s.replace(o, account)
		s.count(old, name)
		if name != "" {
			ref["name"] = name
			kept = append(kept, ref)
		}
	}
	if len(kept) == 0 {
		if len(list) > 0 {
			o.Remove("spec", "imagePullSecrets")
		}
		return nil
	}
	return o.Set(kept, "spec", "imagePullSecrets")
}

func (s *setter) count(old, name string) {
	switch name {
	case old:
	case "":
		s.released++
	default:
		s.named++
	}
}

// build changes the credentials of a BuildConfig. One without them uses those
// of the service account that builds.
func (s *setter) build(o *fn.Object) error {
	type holder struct {
		node fn.Node
		key  string
	}
	var holders []holder
	if output, ok := o.Node("spec", "output"); ok {
		holders = append(holders, holder{output, "pushSecret"})
	}
	for _, strategy := range []string{"dockerStrategy", "sourceStrategy", "customStrategy"} {
		if n, ok := o.Node("spec", "strategy", strategy); ok {
			holders = append(holders, holder{n, "pullSecret"})
		}
	}
	for _, image := range o.Nodes("spec", "source", "images") {
		holders = append(holders, holder{image, "pullSecret"})
	}
	for _, h := range holders {
		old, _ := h.node.GetString(h.key, "name")
		account, ok := generated(old)
		if !ok {
			continue
		}
		name := s.replace(o, account)
		s.count(old, name)
		if name == "" {
			h.node.Remove(h.key)
			continue
		}
		if err := h.node.Set(name, h.key, "name"); err != nil {
			return err
		}
	}
	return nil
}
