package sealsecrets

import (
	"context"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
	"github.com/velero-krm/velero-krm/catalog/internal/sealed"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// Recipients are public keys. Any one of the private ones opens.
	Recipients []sealed.Recipient `json:"recipients" required:"true" doc:"public age keys, age1..., of those who may unseal; each of them can"`
	// KeepTypes are types of Secrets that stay as they are.
	KeepTypes []glob.Pattern `json:"keepTypes" doc:"types of Secrets that stay as they are, in clear; * stands for any characters, ? for one"`
	// Annotations are sealed beside those that are known to hold copies.
	Annotations []glob.Pattern `json:"annotations" doc:"further annotations of Secrets to seal; patterns as well"`
}

// Validate reports recipients that cannot be used together.
func (c *Config) Validate() error {
	if sealed.Mixed(c.Recipients) {
		return fn.Invalid("recipients", "mixes post-quantum keys and others, which age refuses: the others would open what only the former protect", "use one kind")
	}
	return nil
}

// Function returns the function.
func Function() fn.Function {
	return fn.New("seal-secrets", "Encrypts the values of Secrets with age, for unseal-secrets to bring back.", transform, fn.Describe(fn.About{
		Kinds:        []string{"Secret"},
		Phases:       []string{fn.Backup},
		Irreversible: "Without one of the private keys nobody brings the values back.",
		IfIgnored:    "A Secret that could not be sealed would be in the backup in clear.",
	}))
}

func transform(_ context.Context, c Config, list *fn.List) error {
	s := sealer{config: c}
	for o := range list.Of("", "Secret") {
		if err := s.seal(o); err != nil {
			list.Fail(o, err)
		}
	}
	return nil
}

// sealer makes a key when the first Secret comes by that needs one.
type sealer struct {
	config Config
	key    *sealed.Sealer
}

// seal seals one Secret. One that is sealed already stays as it is; one that
// only says so fails: it would be in the backup in clear.
func (s *sealer) seal(o *fn.Object) error {
	if sealed.Marked(o) {
		_, err := sealed.BoxOf(o)
		return err
	}
	kind, _ := o.GetString("type")
	if !o.Has("type") {
		kind = "Opaque" // the API server's default
	}
	if glob.Any(s.config.KeepTypes, kind) {
		return nil
	}
	copies := s.config.copies(o)
	if !sealed.Holds(o) && len(copies) == 0 {
		return nil
	}
	manifest, err := manifestOf(o, copies)
	if err != nil {
		return err
	}
	if s.key == nil {
		if s.key, err = sealed.NewSealer(s.config.Recipients); err != nil {
			return err
		}
	}
	return replace(o, kind, copies, s.key.Seal(manifest))
}

// manifestOf returns the Secret without what is known not to be secret.
func manifestOf(o *fn.Object, copies []string) (*krm.Item, error) {
	id := o.Identity()
	meta := map[string]any{"name": id.Name}
	if id.Namespace != "" {
		meta["namespace"] = id.Namespace
	}
	if all, ok := o.Node("metadata", "annotations"); ok {
		// Also when none is a copy: it says that the Secret had annotations.
		annotations := map[string]any{}
		for _, key := range copies {
			annotations[key], _ = all.Get(key)
		}
		meta["annotations"] = annotations
	}
	manifest := map[string]any{"apiVersion": id.APIVersion, "kind": id.Kind, "metadata": meta}
	for _, field := range o.Root().Keys() {
		if field == "type" || sealed.Secret(field) {
			manifest[field], _ = o.Get(field)
		}
	}
	return krm.FromObject(manifest)
}

// replace puts the box in the place of all that is in it.
func replace(o *fn.Object, kind string, copies []string, box sealed.Box) error {
	for _, key := range copies {
		o.Remove("metadata", "annotations", key)
	}
	for _, field := range o.Root().Keys() {
		if sealed.Secret(field) {
			o.Remove(field)
		}
	}
	if kind != sealed.TokenType {
		if err := o.Set(sealed.Type, "type"); err != nil {
			return err
		}
	}
	if err := box.Put(o); err != nil {
		return err
	}
	return o.Set(sealed.Version, "metadata", "annotations", sealed.Annotation)
}
