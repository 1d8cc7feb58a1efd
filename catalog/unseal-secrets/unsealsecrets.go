package unsealsecrets

import (
	"context"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog/internal/sealed"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// IdentityFile is where the private keys are. The keys themselves have no
	// place in a pipeline.
	IdentityFile string `json:"identityFile" required:"true" doc:"file with the private age keys, one to a line; in a Velero pod an absolute path, as of a mounted Secret"`
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("unseal-secrets", "Brings back the values of Secrets that seal-secrets encrypted.", transform, fn.Describe(fn.About{
		Kinds:     []string{"Secret"},
		Phases:    []string{fn.Restore},
		IfIgnored: "A Secret that could not be opened would be restored sealed.",
	}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	keys := sealed.NewKeyring(c.IdentityFile)
	for o := range list.Of("", "Secret") {
		if !sealed.Marked(o) {
			continue
		}
		if err := unseal(o, keys); err != nil {
			list.Fail(o, err)
		}
	}
	return nil
}

func unseal(o *fn.Object, keys *sealed.Keyring) error {
	if version, ok := o.Annotation(sealed.Annotation); ok && version != sealed.Version {
		return fmt.Errorf("unseal: the annotation %s is not %q: a later version of seal-secrets made it", sealed.Annotation, sealed.Version)
	}
	box, err := sealed.BoxOf(o)
	if err != nil {
		return err
	}
	manifest, err := keys.Open(box)
	if err != nil {
		return fmt.Errorf("unseal: %w", err)
	}
	if err := checkSame(o.Identity(), manifest.Identity()); err != nil {
		return err
	}
	return restore(o, manifest.Object())
}

// checkSame refuses what was sealed in another Secret: somebody may have
// exchanged them, to have a value restored where he can read it.
func checkSame(now, then krm.Identity) error {
	if now == then {
		return nil
	}
	return fmt.Errorf("unseal: what is sealed in it was sealed as %s: it was renamed since, or exchanged; unseal before steps that rename or move", then)
}

// restore puts everything back where it was.
func restore(o *fn.Object, manifest map[string]any) error {
	o.Remove("data")
	o.Remove("type")
	for field, v := range manifest {
		if field != "type" && !sealed.Secret(field) {
			continue
		}
		if err := o.Set(v, field); err != nil {
			return err
		}
	}
	withoutIssued(o)
	o.Remove("metadata", "annotations", sealed.Annotation)
	meta, _ := manifest["metadata"].(map[string]any)
	annotations, had := meta["annotations"].(map[string]any)
	for key, v := range annotations {
		if err := o.Set(v, "metadata", "annotations", key); err != nil {
			return err
		}
	}
	if left, ok := o.Node("metadata", "annotations"); ok && !had && len(left.Keys()) == 0 {
		o.Remove("metadata", "annotations")
	}
	return nil
}

// withoutIssued leaves out what the cluster issues for a ServiceAccount, as
// Velero does: with a token of another cluster in it, the controller would not
// make a new one (Velero 1.18.3, pkg/restore/actions/secret_action.go). Velero
// could not see it while it was sealed.
func withoutIssued(o *fn.Object) {
	if kind, _ := o.GetString("type"); kind != sealed.TokenType {
		return
	}
	o.Remove("data", "token")
	o.Remove("data", "ca.crt")
}
