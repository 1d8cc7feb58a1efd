package catalog_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/velero-krm/velero-krm/pipeline"
)

// TestOpenShiftWithoutImageTags: docs/openshift.md has the line of one step
// deleted, for who has nothing that copies images. What is left must be a
// pipeline, with all other steps.
func TestOpenShiftWithoutImageTags(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(openshiftPipelines, "openshift-restore.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := pipeline.Load(text, "openshift-restore.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cut, err := pipeline.Load(regexp.MustCompile(`(?m)^.*builtin: prepare-image-tags.*\n`).ReplaceAll(text, nil), "openshift-restore.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tags := func(s pipeline.Step) bool { return s.Builtin == "prepare-image-tags" }
	if slices.ContainsFunc(cut.Spec.Mutators, tags) || len(cut.Spec.Mutators) != len(whole.Spec.Mutators)-1 {
		t.Errorf("%d steps are %d without prepare-image-tags", len(whole.Spec.Mutators), len(cut.Spec.Mutators))
	}
}
