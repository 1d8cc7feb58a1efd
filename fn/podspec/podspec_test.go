package podspec_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/fn/podspec"
	"github.com/velero-krm/velero-krm/krm"
)

func TestPaths(t *testing.T) {
	const workload = "spec.template.spec"
	tests := map[string]string{
		"/Pod":                               "spec",
		"/PodTemplate":                       "template.spec",
		"/ReplicationController":             workload,
		"apps/Deployment":                    workload,
		"apps/ReplicaSet":                    workload,
		"apps/StatefulSet":                   workload,
		"apps/DaemonSet":                     workload,
		"extensions/Deployment":              workload,
		"extensions/ReplicaSet":              workload,
		"extensions/DaemonSet":               workload,
		"batch/Job":                          workload,
		"batch/CronJob":                      "spec.jobTemplate.spec.template.spec",
		"apps.openshift.io/DeploymentConfig": workload,
		"apps/Pod":                           "",
		"/Deployment":                        "",
		"example.com/Deployment":             "",
		"/DeploymentConfig":                  "",
		"batch/Pod":                          "",
		"/Service":                           "",
	}
	for name, want := range tests {
		group, kind, _ := strings.Cut(name, "/")
		l, ok := podspec.Paths(group, kind)
		if got := strings.Join(l.Spec, "."); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, ok, want)
		}
		if ok && strings.Join(append(l.Template, "spec"), ".") != want {
			t.Errorf("%s: template %v does not hold spec %v", name, l.Template, l.Spec)
		}
	}
}

// with runs do over one object and returns it as it comes out.
func with(t *testing.T, raw string, do func(o *fn.Object)) string {
	t.Helper()
	item, err := krm.NewItem([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	f := fn.New("test", "Tests.", func(_ context.Context, _ fn.NoConfig, l *fn.List) error {
		do(l.Objects[0])
		return nil
	})
	out, err := f.Run(t.Context(), &krm.ResourceList{Items: []*krm.Item{item}})
	if err != nil {
		t.Fatal(err)
	}
	return string(out.Items[0].Raw())
}

func TestImages(t *testing.T) {
	const raw = `{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"n"},"spec":{"jobTemplate":{"spec":{"template":{"spec":{` +
		`"containers":[{"image":"a"},{"name":"none"}],"ephemeralContainers":[{"image":"b"}],"initContainers":[7,{"image":"c"}],` +
		`"volumes":[{"name":"v"},{"image":{"reference":"d"}}]}}}}}}`
	var got []string
	out := with(t, raw, func(o *fn.Object) {
		if !podspec.Has(o) {
			t.Error("a CronJob has pods")
		}
		spec, ok := podspec.Of(o)
		if !ok {
			t.Fatal("no pod spec")
		}
		for _, i := range podspec.Images(spec) {
			ref, ok := i.Ref()
			got = append(got, fmt.Sprintf("%s=%s,%v", strings.TrimPrefix(i.Path(), "spec.jobTemplate.spec.template.spec."), ref, ok))
			if ok {
				if err := i.SetRef(strings.ToUpper(ref)); err != nil {
					t.Error(err)
				}
			}
		}
	})
	want := []string{
		"containers[0].image=a,true", "containers[1].image=,false", "initContainers[1].image=c,true",
		"ephemeralContainers[0].image=b,true", "volumes[1].image.reference=d,true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("images (-want +got):\n%s", diff)
	}
	changed := strings.NewReplacer(`"a"`, `"A"`, `"b"`, `"B"`, `"c"`, `"C"`, `"d"`, `"D"`).Replace(raw)
	if diff := cmp.Diff(changed, out); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
}

func TestTemplates(t *testing.T) {
	tests := map[string]struct {
		raw  string
		want []string
	}{
		"CronJob":  {`{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"n"},"spec":{"jobTemplate":{"spec":{"template":{}}}}}`, []string{"spec.jobTemplate", "spec.jobTemplate.spec.template"}},
		"half":     {`{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"n"},"spec":{"jobTemplate":{"spec":[]}}}`, []string{"spec.jobTemplate"}},
		"workload": {`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"n"},"spec":{"template":{}}}`, []string{"spec.template"}},
		"Pod":      {`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"n"},"spec":{}}`, nil},
		"Service":  {`{"apiVersion":"v1","kind":"Service","metadata":{"name":"n"},"spec":{"template":{}}}`, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			with(t, tc.raw, func(o *fn.Object) {
				var got []string
				for _, n := range podspec.Templates(o) {
					got = append(got, n.Path())
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("templates (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func ExampleOf() {
	f := fn.New("pull-always", "Makes every container pull its image.", func(_ context.Context, _ fn.NoConfig, list *fn.List) error {
		for o := range list.All() {
			spec, ok := podspec.Of(o)
			if !ok {
				continue
			}
			for _, c := range podspec.Containers(spec) {
				if err := c.Set("Always", "imagePullPolicy"); err != nil {
					return err
				}
			}
		}
		return nil
	})
	pod, _ := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"a"}]}}`))
	out, _ := f.Run(context.Background(), &krm.ResourceList{Items: []*krm.Item{pod}})
	fmt.Println(string(out.Items[0].Raw()))
	// Output: {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"imagePullPolicy":"Always","name":"a"}]}}
}
