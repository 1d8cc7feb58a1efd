package uniquifyclaims

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/velero-krm/velero-krm/catalog/internal/runcontext"
	"github.com/velero-krm/velero-krm/catalog/internal/syntax"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// What OADP's restore of a virtual machine's files asks for and looks for.
const (
	fileRestore   = "oadp.openshift.io/vmfr-restore"
	backupLabel   = "oadp.openshift.io/vmfr-backup"
	originalLabel = "oadp.openshift.io/vmfr-original-name"
)

var errNoBackup = errors.New("the context of the run does not name the backup")

// Function returns the function.
func Function() fn.Function {
	return fn.New("uniquify-claims", "Gives claims that are restored for a virtual machine's files names that no other backup's have; needs context: true and allow: [Rename].", transform, fn.Describe(fn.About{
		Kinds:  []string{"PersistentVolumeClaim"},
		Phases: []string{fn.Restore},
		Needs:  fn.Needs{Rename: fn.Always, Context: fn.Always},
	}), fn.Says(said))
}

// said is what it says when it is done.
const said = "claims renamed: %d"

func transform(_ context.Context, _ fn.NoConfig, list *fn.List) error {
	run, ok := runcontext.Of(list)
	if !ok {
		return runcontext.ErrNone
	}
	if run.RestoreAnnotations()[fileRestore] != "true" {
		return nil
	}
	backup := backupOf(run)
	if backup == "" {
		return errNoBackup
	}
	renamed := 0
	for o := range list.Of("", "PersistentVolumeClaim") {
		// A second run must not rename what the first did.
		if o.Has("metadata", "labels", originalLabel) {
			continue
		}
		if err := rename(o, backup); err != nil {
			list.Fail(o, err)
			continue
		}
		renamed++
	}
	if renamed > 0 {
		list.Report(krm.Result{Severity: krm.Info, Message: fmt.Sprintf(said, renamed)})
	}
	return nil
}

func backupOf(run runcontext.Context) string {
	n, ok := run.Node("backup")
	if !ok {
		return ""
	}
	name, _ := n.GetString("name")
	return name
}

func rename(o *fn.Object, backup string) error {
	name := o.Identity().Name
	for label, value := range map[string]string{backupLabel: backup, originalLabel: name} {
		if err := o.Set(syntax.LabelValue(value), "metadata", "labels", label); err != nil {
			return err
		}
	}
	return o.Set(unique(backup, name), "metadata", "name")
}

// Limits of the names of claims, which are DNS subdomains, and how much of the
// hash is enough: 16 million backups of one claim.
const (
	maxName    = 253
	hashLength = 6
)

// unique returns a name that tells where the claim comes from and that no
// claim of another backup has.
func unique(backup, name string) string {
	sum := sha256.Sum256([]byte(backup + "/" + name))
	full := backup + "-" + name
	if most := maxName - hashLength - 1; len(full) > most {
		// No part of a subdomain may begin or end with "-".
		full = strings.TrimRight(full[:most], ".-")
	}
	return full + "-" + hex.EncodeToString(sum[:])[:hashLength]
}
