package redactsecrets

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/velero-krm/velero-krm/catalog/internal/glob"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function.
type Config struct {
	// KeepKeys are keys of data whose values are not secret.
	KeepKeys []glob.Pattern `json:"keepKeys" doc:"keys whose values stay, as ca.crt; * stands for any characters, ? for one"`
	// KeepTypes are types of Secrets that stay as they are.
	KeepTypes []glob.Pattern `json:"keepTypes" doc:"types of Secrets that stay as they are, as helm.sh/*; patterns as well"`
}

// redactedAnnotation marks what was redacted, so that it can be told from a
// Secret with odd contents, and dropped or refused on restore.
const redactedAnnotation = "velero-krm.io/redacted"

// lastApplied has a copy of the whole Secret if kubectl apply made it.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Function returns the function.
func Function() fn.Function {
	return fn.New("redact-secrets", "Takes the values out of Secrets for good; the keys stay.", transform, fn.Describe(fn.About{
		Kinds:        []string{"Secret"},
		Phases:       []string{fn.Backup},
		Irreversible: "The values are not in the backup: no restore brings them back.",
		IfIgnored:    "A Secret whose values could not be taken out would be in the backup with them.",
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "values redacted for good: %d (secrets: %d)"

func transform(_ context.Context, c Config, list *fn.List) error {
	values, secrets := 0, 0
	for o := range list.Of("", "Secret") {
		kind, _ := o.GetString("type")
		if !o.Has("type") {
			kind = "Opaque" // the API server's default
		}
		if glob.Any(c.KeepTypes, kind) {
			continue
		}
		n, err := c.redact(o, kind)
		if err != nil {
			list.Fail(o, err)
			continue
		}
		if n > 0 {
			values, secrets = values+n, secrets+1
		}
	}
	if secrets > 0 {
		list.Report(krm.Result{Severity: krm.Warning, Message: fmt.Sprintf(said, values, secrets)})
	}
	return nil
}

// redact returns how many values it took out of one Secret.
func (c Config) redact(o *fn.Object, kind string) (int, error) {
	n := 0
	for _, field := range []string{"data", "stringData"} {
		values, ok := o.Node(field)
		if !ok {
			// A Secret has mappings there. Of anything else nothing is known
			// but that it is in a Secret.
			if v, there := o.Get(field); there && v != nil {
				o.Remove(field)
				n++
			}
			continue
		}
		for _, key := range values.Keys() {
			if glob.Any(c.KeepKeys, key) {
				continue
			}
			did, err := blank(values, key, placeholder(kind, key, field == "data"))
			if err != nil {
				return n, err
			}
			n += did
		}
	}
	// The copy may have what is gone from the Secret since.
	if o.Remove("metadata", "annotations", lastApplied) {
		n++
	}
	if n == 0 {
		return 0, nil
	}
	return n, o.Set("true", "metadata", "annotations", redactedAnnotation)
}

func blank(values fn.Node, key, with string) (int, error) {
	if now, ok := values.GetString(key); ok && now == with {
		return 0, nil
	}
	return 1, values.Set(with, key)
}

// placeholder is empty but where the API server looks at the contents: the
// configurations of registries must be JSON, a private key for SSH must not be
// empty (k8s.io/kubernetes/pkg/apis/core/validation, ValidateSecret).
func placeholder(kind, key string, encoded bool) string {
	text := ""
	switch {
	case kind == "kubernetes.io/dockerconfigjson" && key == ".dockerconfigjson", kind == "kubernetes.io/dockercfg" && key == ".dockercfg":
		text = "{}"
	case kind == "kubernetes.io/ssh-auth" && key == "ssh-privatekey":
		text = "redacted"
	}
	if encoded {
		return base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}
