package plugin

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Annotations with which OpenShift ties a Secret that it generated to a service
// account: since 4.16 each names the other, before that the Secret gives the
// uid.
const (
	tokenOfAccount  = "openshift.io/internal-registry-auth-token.service-account"
	secretOfAccount = "openshift.io/internal-registry-pull-secret-ref"
)

// pullSecrets returns the Secrets for pulling images in the namespaces that the
// run restores to, by namespace. Only their metadata is read.
func (g *gatherer) pullSecrets(ctx context.Context) (map[string][]runcontext.PullSecret, error) {
	found := &foundSecrets{}
	target := targetOf(g.run)
	for _, namespace := range target.ask() {
		for _, secretType := range []corev1.SecretType{corev1.SecretTypeDockercfg, corev1.SecretTypeDockerConfigJson} {
			err := g.listMetadata(ctx, call{GroupVersionResource: corev1.SchemeGroupVersion.WithResource("secrets"), namespace: namespace, namespaced: true},
				"type="+string(secretType), func(m *metav1.PartialObjectMetadata) {
					if target.has(m.Namespace) {
						found.add(m, secretType)
					}
				})
			if err != nil {
				return nil, err
			}
		}
	}
	if !found.generated {
		return found.byNamespace(nil), nil
	}
	accounts, err := g.serviceAccounts(ctx, target)
	if err != nil {
		return nil, err
	}
	return found.byNamespace(accounts), nil
}

// serviceAccounts returns those of the namespaces that the run restores to.
func (g *gatherer) serviceAccounts(ctx context.Context, target target) (map[types.NamespacedName]metav1.ObjectMeta, error) {
	accounts := map[types.NamespacedName]metav1.ObjectMeta{}
	for _, namespace := range target.ask() {
		err := g.listMetadata(ctx, call{GroupVersionResource: corev1.SchemeGroupVersion.WithResource("serviceaccounts"), namespace: namespace, namespaced: true},
			"", func(m *metav1.PartialObjectMetadata) {
				accounts[types.NamespacedName{Namespace: m.Namespace, Name: m.Name}] = m.ObjectMeta
			})
		if err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// foundSecrets are Secrets for pulling images.
type foundSecrets struct {
	all []foundSecret
	// generated is true when OpenShift made one of them.
	generated bool
}

type foundSecret struct {
	metav1.ObjectMeta
	secretType corev1.SecretType
}

func (f *foundSecrets) add(m *metav1.PartialObjectMetadata, secretType corev1.SecretType) {
	f.all = append(f.all, foundSecret{m.ObjectMeta, secretType})
	f.generated = f.generated || accountOf(m.ObjectMeta) != ""
}

// accountOf returns the service account for which a Secret was generated.
func accountOf(secret metav1.ObjectMeta) string {
	return cmp.Or(secret.Annotations[tokenOfAccount], secret.Annotations[corev1.ServiceAccountNameKey])
}

// byNamespace returns what is told of the Secrets, sorted by name.
func (f *foundSecrets) byNamespace(accounts map[types.NamespacedName]metav1.ObjectMeta) map[string][]runcontext.PullSecret {
	told := map[string][]runcontext.PullSecret{}
	for _, s := range f.all {
		p := runcontext.PullSecret{Name: s.Name, Type: string(s.secretType)}
		name := accountOf(s.ObjectMeta)
		if account, ok := accounts[types.NamespacedName{Namespace: s.Namespace, Name: name}]; ok && current(s.ObjectMeta, account) {
			p.ServiceAccount = name
		}
		told[s.Namespace] = append(told[s.Namespace], p)
	}
	for namespace := range told {
		slices.SortFunc(told[namespace], func(a, b runcontext.PullSecret) int { return strings.Compare(a.Name, b.Name) })
	}
	return told
}

// current reports whether a Secret is the one that a service account has now,
// and not one of an account of the same name that is gone.
func current(secret, account metav1.ObjectMeta) bool {
	if secret.Annotations[tokenOfAccount] != "" {
		return account.Annotations[secretOfAccount] == secret.Name
	}
	return secret.Annotations[corev1.ServiceAccountUIDKey] == string(account.UID)
}

// target is the namespaces that a run restores to.
type target struct {
	// names by their new names, nil for all of the cluster.
	names map[string]bool
	// without are left out of all.
	without map[string]bool
}

// targetOf finds the namespaces by what the Restore and the Backup include:
// what the backup really holds cannot be known before it is read.
func targetOf(run *runcontext.RunContext) target {
	backup, restore := run.Backup.Spec, run.Restore.Spec
	mapped := func(old string) string { return cmp.Or(restore.NamespaceMapping[old], old) }
	without := map[string]bool{}
	for _, old := range slices.Concat(restore.ExcludedNamespaces, backup.ExcludedNamespaces) {
		without[old] = true
	}
	included := restore.IncludedNamespaces
	if isPattern(included) {
		included = backup.IncludedNamespaces
	}
	if isPattern(included) {
		for _, to := range restore.NamespaceMapping {
			delete(without, to)
		}
		return target{without: without}
	}
	names := map[string]bool{}
	for _, old := range included {
		if !without[old] {
			names[mapped(old)] = true
		}
	}
	return target{names: names}
}

// isPattern reports whether a list of namespaces does not name each.
func isPattern(namespaces []string) bool {
	return len(namespaces) == 0 || slices.ContainsFunc(namespaces, func(n string) bool { return strings.ContainsAny(n, "*?[{") })
}

// ask returns the namespaces to ask for, "" for all at once.
func (t target) ask() []string {
	if t.names == nil {
		return []string{metav1.NamespaceAll}
	}
	return slices.Sorted(maps.Keys(t.names))
}

func (t target) has(namespace string) bool {
	if t.names == nil {
		return !t.without[namespace]
	}
	return t.names[namespace]
}
