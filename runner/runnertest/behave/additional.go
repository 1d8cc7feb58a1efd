package behave

import (
	"context"
	"io"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// additional are the ways to ask for additional items.
func additional() []Behaviour {
	return []Behaviour{
		{Name: "ask-additional", List: askAdditional},
		{Name: "ask-additional-in-yaml", List: askAdditional, Program: askAdditionalInYAML},
		{Name: "ask-additional-and-rename", List: func(ctx context.Context, in *list) (*list, error) {
			out, err := each(metadata(func(m map[string]any) { m["name"] = "renamed-" + m["name"].(string) }))(ctx, in)
			if err != nil {
				return nil, err
			}
			return askAdditional(ctx, out)
		}},
		{Name: "ask-additional-of-another", List: func(_ context.Context, in *list) (*list, error) {
			in.Results = []krm.Result{ask(krm.Identity{APIVersion: "v1", Kind: "ConfigMap", Name: "not-there"}, "secrets/ns/x")}
			return in, nil
		}},
		{Name: "ask-additional-of-nobody", List: func(_ context.Context, in *list) (*list, error) {
			r := ask(krm.Identity{}, "secrets/ns/x")
			r.ResourceRef = nil
			in.Results = []krm.Result{r}
			return in, nil
		}},
	}
}

// ask is a result that asks for one additional item.
func ask(id krm.Identity, item string) krm.Result {
	return krm.Result{
		Message: "additional item", Severity: krm.Info, ResourceRef: krm.RefTo(id),
		Tags: map[string]string{krm.AdditionalItemTag: item},
	}
}

// askAdditional asks for a Secret with the name of each object, twice, and for
// something of the cluster; in a way that is not understood for an object that
// has the label [Poison].
func askAdditional(_ context.Context, in *list) (*list, error) {
	for _, it := range in.Items {
		id := it.Identity()
		own := ask(id, "secrets/ns/"+id.Name)
		if strings.Contains(string(it.Raw()), `"`+Poison+`"`) {
			own = ask(id, "Secret "+id.Name)
		}
		in.Results = append(in.Results, own, ask(id, "things.example.org/of-all"), own)
	}
	return in, nil
}

func askAdditionalInYAML(p *Process) int {
	data, err := io.ReadAll(p.Stdin)
	if err != nil {
		return 1
	}
	in, err := krm.Decode(data, krm.DecodeOptions{})
	if err != nil {
		return 1
	}
	out, err := askAdditional(context.Background(), in)
	if err != nil {
		return 1
	}
	if _, err := p.Stdout.Write(krm.EncodeYAML(out)); err != nil {
		return 1
	}
	return 0
}
