package setingress

import (
	"context"

	"github.com/velero-krm/velero-krm/catalog/internal/mapping"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// classAnnotation named the class before Kubernetes 1.18. An Ingress that has
// it and the field is refused when it is created, by Kubernetes since 1.27 only
// if they differ (kubernetes/kubernetes#115447).
const classAnnotation = "kubernetes.io/ingress.class"

// Config of the function; one field at least.
type Config struct {
	Class   string            `json:"class" doc:"class that every Ingress gets"`
	Classes map[string]string `json:"classes" doc:"new class for each old one; the key * stands for every class not named; instead of class"`
	Hosts   []HostRule        `json:"hosts" doc:"how hosts change; the first rule that matches a host counts"`
}

// HostRule moves hosts: by suffix, or by a regular expression.
type HostRule struct {
	Suffix string `json:"suffix" doc:"domain that hosts end in, as apps.old.example; whole labels are compared"`
	Regex  string `json:"regex" doc:"expression (RE2) that the whole host must match; instead of suffix"`
	To     string `json:"to" required:"true" doc:"domain that takes the suffix's place; with regex the new host, with $1 or ${name} for what the expression captured"`
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("set-ingress", "Gives Ingresses, Routes and Gateways the hosts, and Ingresses the class, of another cluster.", transform, fn.Describe(fn.About{Kinds: []string{
		"Ingress.networking.k8s.io", "Ingress.extensions", "Route.route.openshift.io",
		"Gateway.gateway.networking.k8s.io", "HTTPRoute.gateway.networking.k8s.io", "GRPCRoute.gateway.networking.k8s.io", "TLSRoute.gateway.networking.k8s.io",
	}}), fn.Says(mapping.Sayings("ingress classes", "hosts")...))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	rules, err := newRules(c.Hosts)
	if err != nil {
		return err
	}
	t := transformer{list: list, class: c.Class, classes: mapping.New(c.Classes), rules: rules, moved: mapping.NewCounter()}
	for o := range list.All() {
		id := o.Identity()
		if id.Kind == "Ingress" && (id.Group() == "networking.k8s.io" || id.Group() == "extensions") {
			if err := t.setClass(o); err != nil {
				list.Fail(o, err)
				continue
			}
		}
		if err := t.setHosts(o); err != nil {
			list.Fail(o, err)
		}
	}
	t.classes.Report(list, "ingress classes")
	t.moved.Report(list, "hosts")
	return nil
}

type transformer struct {
	list    *fn.List
	class   string
	classes *mapping.Table
	rules   []rule
	moved   *mapping.Counter
}

// setClass changes the annotation and the field where they are there. It adds
// one only where there is none of them, so that there never come to be both.
func (t transformer) setClass(o *fn.Object) error {
	for _, field := range classFields(o) {
		if t.class != "" {
			if err := o.Set(t.class, field...); err != nil {
				return err
			}
			continue
		}
		if _, err := t.classes.Move(o.Root(), field...); err != nil {
			return err
		}
	}
	return nil
}

// classFields are where an Ingress has its class, or would have it.
func classFields(o *fn.Object) [][]string {
	annotation, field := []string{"metadata", "annotations", classAnnotation}, []string{"spec", "ingressClassName"}
	var found [][]string
	for _, path := range [][]string{annotation, field} {
		if o.Has(path...) {
			found = append(found, path)
		}
	}
	switch {
	case len(found) > 0:
		return found
	case o.Identity().Group() == "extensions":
		return [][]string{annotation}
	}
	return [][]string{field}
}

// setHosts moves every host of an object that has some.
func (t transformer) setHosts(o *fn.Object) error {
	if len(t.rules) == 0 {
		return nil
	}
	for _, p := range hostPaths(o.Identity()) {
		_, err := o.Edit(p, func(at fn.Location, value any) (any, bool, error) {
			host, ok := value.(string)
			if !ok {
				return value, true, nil
			}
			to, label, ok := t.move(o, at, host)
			if !ok {
				return value, true, nil
			}
			t.moved.Count(label, o)
			return to, true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// move returns the new host. One that the next run would move on stays.
func (t transformer) move(o *fn.Object, at fn.Location, host string) (to, label string, ok bool) {
	to, label, ok = apply(t.rules, host)
	// What was no host before is none of this function's business.
	if !ok || !validHost(host) {
		return "", "", false
	}
	if !validHost(to) {
		t.list.ReportOn(o, krm.Error, at.String(), "the new host is no DNS name")
		return "", "", false
	}
	if _, _, again := apply(t.rules, to); again {
		t.list.ReportOn(o, krm.Warning, at.String(), "host not changed: the next run would change it again")
		return "", "", false
	}
	return to, label, true
}
