package fn_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// SetTeam is the config of the function of the examples.
type SetTeam struct {
	Team string `json:"team" required:"true" doc:"value of the label team"`
}

func setTeam() fn.Function {
	return fn.New("set-team", "Sets the label team on ConfigMaps.", func(_ context.Context, c SetTeam, list *fn.List) error {
		for o := range list.Of("", "ConfigMap") {
			if err := o.Set(c.Team, "metadata", "labels", "team"); err != nil {
				list.Fail(o, err)
			}
		}
		return nil
	})
}

// A program is Main with the streams of the process.
func Example() {
	const stdin = `{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList",
"functionConfig":{"apiVersion":"velero-krm.io/v1alpha1","kind":"SetTeam","spec":{"team":"blue"}},
"items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}},{"kind":"Secret","apiVersion":"v1","metadata":{"name":"b"}}]}`
	code := fn.Main(context.Background(), setTeam(), strings.NewReader(stdin), os.Stdout, os.Stderr)
	fmt.Println("exit code", code)
	// Output:
	// {"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{"team":"blue"},"name":"a"}},{"kind":"Secret","apiVersion":"v1","metadata":{"name":"b"}}]}
	// exit code 0
}

// The same value runs in the process; what it does not change is the same item.
func ExampleFunction_Run() {
	secret, _ := krm.NewItem([]byte(`{"kind":"Secret","apiVersion":"v1","metadata":{"name":"b"}}`))
	config, _ := krm.ParseConfig([]byte("{apiVersion: v1, kind: ConfigMap, data: {team: blue}}"))
	out, err := setTeam().Run(context.Background(), &krm.ResourceList{FunctionConfig: config, Items: []*krm.Item{secret}})
	fmt.Println(err, out.Items[0] == secret)
	// Output: <nil> true
}

func ExampleFunction_CheckConfig() {
	config, _ := krm.ParseConfig([]byte("{apiVersion: v1, kind: ConfigMap, data: {taem: blue}}"))
	fmt.Println(setTeam().CheckConfig(config))
	// Output: read config: data.taem: unknown field (did you mean team?); data.team: is required (value of the label team)
}

func ExampleObject_Edit() {
	p, _ := fn.ParsePath("spec.rules[*].host")
	f := fn.New("hosts", "Moves hosts.", func(_ context.Context, _ fn.NoConfig, list *fn.List) error {
		for o := range list.Of("networking.k8s.io", "Ingress") {
			_, err := o.Edit(p, func(_ fn.Location, v any) (any, bool, error) {
				host, _ := v.(string)
				return strings.Replace(host, "old.example", "new.example", 1), true, nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	ingress, _ := krm.NewItem([]byte(`{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i"},"spec":{"rules":[{"host":"a.old.example"},{"host":"b.old.example"}]}}`))
	out, _ := f.Run(context.Background(), &krm.ResourceList{Items: []*krm.Item{ingress}})
	fmt.Println(string(out.Items[0].Raw()))
	// Output: {"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i"},"spec":{"rules":[{"host":"a.new.example"},{"host":"b.new.example"}]}}
}

func ExampleParsePath() {
	p, err := fn.ParsePath(`metadata.annotations['example.com/a']`)
	fmt.Println(p, err)
	// Output: metadata.annotations["example.com/a"] <nil>
}

func ExampleClosest() {
	fmt.Println(fn.Closest("rotue", []string{"route", "service"}))
	// Output: route
}
