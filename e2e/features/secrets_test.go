package features

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// vault is a namespace of Secrets whose values must not leave their cluster in
// clear: in one backup they are sealed, in another redacted.
type vault struct {
	// old is the cluster that they are in, after the one that they are restored to.
	old, after *pipelines
	// secrets as they are in the old cluster, by name.
	secrets map[string]*corev1.Secret
	// key opens what is sealed, otherKey nothing: paths of files that only the
	// new cluster's Velero is told of.
	key, otherKey string
	recipient     string
}

// newVault fills the namespace vault of the old cluster.
func newVault(t *testing.T, old *pipelines) *vault {
	t.Helper()
	old.apply(t, filepath.Join("testdata", "secrets"), "vault")
	v := &vault{old: old, secrets: secretsIn(t, old, "vault")}
	if len(v.secrets) < 8 {
		t.Fatalf("Secrets of the vault: want 8 or more, got %d", len(v.secrets))
	}
	v.key, v.recipient = newKey(t)
	v.otherKey, _ = newKey(t)
	return v
}

// newKey writes a private age key into a file and returns the public one.
func newKey(t *testing.T) (path, recipient string) {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "age.txt")
	if err := os.WriteFile(path, []byte(identity.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, identity.Recipient().String()
}

func secretsIn(t *testing.T, p *pipelines, namespace string) map[string]*corev1.Secret {
	t.Helper()
	var list corev1.SecretList
	if err := p.ControlPlane.Client.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	found := map[string]*corev1.Secret{}
	for i := range list.Items {
		found[list.Items[i].Name] = &list.Items[i]
	}
	return found
}

// backUp makes the backups sealed and redacted.
func (v *vault) backUp(t *testing.T) {
	t.Helper()
	v.old.put(t, "seal", pipelineText("seal", "phases: [Backup]\nmutators:\n- {builtin: seal-secrets, configMap: {recipients: "+v.recipient+"}}"))
	v.old.put(t, "redact", pipelineText("redact", "phases: [Backup]\nmutators:\n- {builtin: redact-secrets}"))
	v.old.complete(t, v.old.backup(t, "sealed", "vault", named("seal")))
	v.old.complete(t, v.old.backup(t, "redacted", "vault", named("redact")))
}

// checkBackups wants all Secrets in both backups, and no value in any.
func (v *vault) checkBackups(t *testing.T) {
	for _, backup := range []string{"sealed", "redacted"} {
		files, err := v.old.BackupContents(t.Context(), backup)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for path, content := range files {
			v.search(t, backup+" "+path, content)
			if name, ok := strings.CutPrefix(path, "resources/secrets/namespaces/vault/"); ok {
				names = append(names, strings.TrimSuffix(name, ".json"))
			}
		}
		slices.Sort(names)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(v.secrets)), names); diff != "" {
			t.Errorf("Secrets in backup %s (-want +got):\n%s", backup, diff)
		}
	}
}

// restore restores a backup of the vault into a namespace that is named after
// the server as well, and returns how it ended.
func (v *vault) restore(t *testing.T, backup, name, pipeline string) *velerov1api.Restore {
	t.Helper()
	if !v.after.multiItem {
		name += "-stock"
	}
	run := v.after.restore(t, backup, "vault", name, named(pipeline))
	settings := &corev1.ConfigMap{}
	if err := v.after.ControlPlane.Client.Get(t.Context(), client.ObjectKey{Namespace: name, Name: "settings"}, settings); err != nil {
		t.Errorf("the ConfigMap beside the Secrets: %v", err)
	}
	return run
}

// unsealing is a pipeline that reads keys from a file.
func unsealing(name, file string) string {
	return pipelineText(name, fmt.Sprintf("phases: [Restore]\nmutators:\n- {builtin: unseal-secrets, configMap: {identityFile: %q}}", file))
}

// testUnseal restores with the key: every Secret is what it was.
func (v *vault) testUnseal(t *testing.T) {
	v.after.put(t, "unseal", unsealing("unseal", v.key))
	run := v.restore(t, "sealed", "unsealed", "unseal")
	v.after.complete(t, run)
	want := contents(v.secrets)
	// Velero takes them out of a service account's token, as the cluster issues new
	// ones; those that were sealed it did not see.
	robot := want["robot"]
	delete(robot.Data, "token")
	delete(robot.Data, "ca.crt")
	if diff := cmp.Diff(want, contents(secretsIn(t, v.after, run.Name))); diff != "" {
		t.Error("restored Secrets differ; values are not shown") // the diff would show them
		for _, line := range secretDifferences(want, contents(secretsIn(t, v.after, run.Name))) {
			t.Error(line)
		}
	}
}

// testWithoutKey restores with another key and with none: each Secret fails by
// name and is not created.
func (v *vault) testWithoutKey(t *testing.T) {
	v.after.put(t, "unseal-other", unsealing("unseal-other", v.otherKey))
	v.checkNotOpened(t, v.restore(t, "sealed", "other-key", "unseal-other"), "opens it")
	v.after.put(t, "unseal-none", unsealing("unseal-none", v.key+".none"))
	v.checkNotOpened(t, v.restore(t, "sealed", "no-key", "unseal-none"), "no such file")
}

// checkNotOpened wants an error with the reason for each Secret, and no Secret.
func (v *vault) checkNotOpened(t *testing.T, run *velerov1api.Restore, reason string) {
	t.Helper()
	if run.Status.Phase != velerov1api.RestorePhasePartiallyFailed {
		t.Errorf("restore without the key: want PartiallyFailed, got %s", run.Status.Phase)
	}
	if created := secretsIn(t, v.after, run.Name); len(created) > 0 {
		t.Errorf("restore without the key created Secrets: %v", slices.Sorted(maps.Keys(created)))
	}
	said := v.after.errorsOf(t, run)
	if len(said) != len(v.secrets) {
		t.Errorf("want %d errors, one for each Secret, got %q", len(v.secrets), said)
	}
	for name := range v.secrets {
		if !slices.ContainsFunc(said, func(line string) bool {
			return strings.Contains(line, "/"+name) && strings.Contains(line, reason)
		}) {
			t.Errorf("no error says of Secret %s %q: %q", name, reason, said)
		}
	}
}

// testByMistake restores without unsealing: the Secrets are of a type that
// nothing uses, with none of the keys that pods look for.
func (v *vault) testByMistake(t *testing.T) {
	run := v.restore(t, "sealed", "mistaken", "none")
	v.after.complete(t, run)
	restored := secretsIn(t, v.after, run.Name)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(v.secrets)), slices.Sorted(maps.Keys(restored))); diff != "" {
		t.Errorf("restored Secrets (-want +got):\n%s", diff)
	}
	for name, s := range restored {
		wantType := corev1.SecretType("velero-krm.io/sealed")
		if name == "robot" {
			wantType = corev1.SecretTypeServiceAccountToken // by which Velero and the cluster treat it
		}
		if keys := slices.Sorted(maps.Keys(s.Data)); s.Type != wantType || !slices.Equal(keys, []string{"sealed.age", "sealed.values"}) {
			t.Errorf("Secret %s: want type %s with sealed values alone, got type %s with %v", name, wantType, s.Type, keys)
		}
		for key, value := range s.Data {
			v.search(t, "restored Secret "+name+" "+key, value)
		}
	}
}

// testRedacted restores what has no values any more: the API server takes a
// Secret of every type, with the keys that there were.
func (v *vault) testRedacted(t *testing.T) {
	run := v.restore(t, "redacted", "blank", "none")
	v.after.complete(t, run)
	restored := secretsIn(t, v.after, run.Name)
	placeholders := map[string]string{".dockerconfigjson": "{}", ".dockercfg": "{}", "ssh-privatekey": "redacted"}
	for name, s := range v.secrets {
		want := map[string]string{}
		for key := range s.Data {
			want[key] = placeholders[key]
		}
		if s.Type == corev1.SecretTypeServiceAccountToken {
			delete(want, "token")
			delete(want, "ca.crt")
		}
		got := restored[name]
		if got == nil {
			t.Errorf("Secret %s is not restored", name)
			continue
		}
		values := map[string]string{}
		for key, value := range got.Data {
			values[key] = string(value)
		}
		if diff := cmp.Diff(want, values); diff != "" || got.Type != s.Type {
			t.Errorf("Secret %s of type %s, restored as %s (-want +got):\n%s", name, s.Type, got.Type, diff)
		}
	}
}

// content is what must be the same after a round trip.
type content struct {
	Type                corev1.SecretType
	Immutable           bool
	Labels, Annotations map[string]string
	Data                map[string][]byte
}

func contents(secrets map[string]*corev1.Secret) map[string]content {
	all := map[string]content{}
	for name, s := range secrets {
		labels := maps.Clone(s.Labels)
		maps.DeleteFunc(labels, func(key, _ string) bool { return strings.HasPrefix(key, "velero.io/") })
		if len(labels) == 0 {
			labels = nil
		}
		all[name] = content{s.Type, s.Immutable != nil && *s.Immutable, labels, s.Annotations, maps.Clone(s.Data)}
	}
	return all
}

// secretDifferences tells how Secrets differ without their values.
func secretDifferences(want, got map[string]content) []string {
	var lines []string
	for name, w := range want {
		g := got[name]
		changed := slices.Sorted(maps.Keys(w.Data))
		changed = slices.DeleteFunc(changed, func(key string) bool { return bytes.Equal(w.Data[key], g.Data[key]) })
		lines = append(lines, fmt.Sprintf("%s: type %s and %s, labels %v and %v, annotations %v and %v, keys %v and %v, changed or gone: %v", name,
			w.Type, g.Type, w.Labels, g.Labels, w.Annotations, g.Annotations, slices.Sorted(maps.Keys(w.Data)), slices.Sorted(maps.Keys(g.Data)), changed))
	}
	return lines
}

// pieces returns parts of the Secrets' values, as they are and as base64.
func (v *vault) pieces() map[string]string {
	found := map[string]string{}
	for name, s := range v.secrets {
		for key, value := range s.Data {
			for _, form := range []string{string(value), base64.StdEncoding.EncodeToString(value)} {
				for i := 0; i+2*pieceBytes <= len(form); i += pieceBytes {
					found[form[i:i+2*pieceBytes]] = name + " " + key
				}
			}
		}
	}
	return found
}

// search fails the test when a part of a value is in content; it says of which
// Secret.
func (v *vault) search(t *testing.T, where string, content []byte) {
	t.Helper()
	for piece, of := range v.pieces() {
		if bytes.Contains(content, []byte(piece)) {
			t.Errorf("a part of Secret %s is in %s", of, where)
		}
	}
}

// testNoLeak looks for the values in all that is in the bucket, which has the
// logs and results of every run as well, and in the logs of both servers.
func (v *vault) testNoLeak(t *testing.T) {
	keys, err := v.old.S3.List(t.Context(), "")
	if err != nil || len(keys) < 20 {
		t.Fatalf("list the bucket: want 20 objects or more, got %d, error %v", len(keys), err)
	}
	for _, key := range keys {
		data, err := v.old.S3.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		v.search(t, key, unpacked(t, data))
	}
	for _, p := range []*pipelines{v.old, v.after} {
		log, err := os.ReadFile(p.Velero.LogFile)
		if err != nil {
			t.Fatal(err)
		}
		v.search(t, p.Velero.LogFile, log)
	}
}

// unpacked returns the content of a file that may be gzipped; in a tarball files
// are as they are.
func unpacked(t *testing.T, data []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.EOF) {
		return data
	}
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
