package plugin

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/velero-krm/velero-krm/pipeline"
	corev1 "k8s.io/api/core/v1"
)

func TestWishOf(t *testing.T) {
	cases := map[string]struct {
		reason            string
		label, annotation *string
		want              wish
		wantErr           string
	}{
		"Nothing":       {reason: "defaults apply", want: wish{}},
		"Annotation":    {reason: "commas and spaces separate", annotation: ptr("a, b c"), want: wish{said: true, names: []string{"a", "b", "c"}}},
		"Label":         {reason: "an underscore separates, as no name has one", label: ptr("to-dr_b.c"), want: wish{said: true, names: []string{"to-dr", "b.c"}}},
		"Same":          {reason: "both may say the same", label: ptr("a_b"), annotation: ptr("a,b"), want: wish{said: true, names: []string{"a", "b"}}},
		"None":          {reason: "none asks for no pipeline, not even a default", annotation: ptr("none"), want: wish{said: true}},
		"Empty":         {reason: "an empty value names none", label: ptr(""), want: wish{said: true}},
		"Different":     {reason: "which one is meant cannot be told", label: ptr("a"), annotation: ptr("b"), wantErr: "keep one of them"},
		"NoneAndOthers": {reason: "contradiction", annotation: ptr("none,a"), wantErr: "beside pipelines"},
		"Twice":         {reason: "a pipeline runs once", annotation: ptr("a,b,a"), wantErr: `names "a" twice`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := runRef{phase: pipeline.Restore}
			if tc.label != nil {
				r.labels = wants(*tc.label)
			}
			if tc.annotation != nil {
				r.annotations = wants(*tc.annotation)
			}
			got, err := wishOf(r)
			checkError(t, tc.reason, err, tc.wantErr)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(wish{})); tc.wantErr == "" && diff != "" {
				t.Errorf("%s: wishOf(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestChoose(t *testing.T) {
	plain := yamlPipeline("plain", "\tmutators: [{builtin: mark}]\n")
	backupOnly := yamlPipeline("backup-only", "\tphases: [Backup]\n\tmutators: [{builtin: mark}]\n")
	byDefault := yamlPipeline("z-default", "\tdefault: true\n\tmutators: [{builtin: mark}]\n")
	otherDefault := yamlPipeline("a-default", "\tdefault: true\n\tmutators: [{builtin: mark}]\n")
	backupDefault := yamlPipeline("b-default", "\tdefault: true\n\tphases: [Backup]\n\tmutators: [{builtin: mark}]\n")
	typo := yamlPipeline("typo", "\tmutatorz: [{builtin: mark}]\n")
	brokenDefault := yamlPipeline("broken", "\tdefault: true\n\tmutatorz: []\n")
	hiddenDefault := plain + "\n---\n" + byDefault
	noYAML := "spec: [\n"

	cases := map[string]struct {
		reason string
		docs   []string
		want   wish
		names  []string
		errs   []string
	}{
		"Named":             {reason: "in the order named", docs: []string{plain, byDefault}, want: named("z-default", "plain"), names: []string{"z-default", "plain"}},
		"DefaultsByName":    {reason: "in the order of names, whatever their place", docs: []string{byDefault, otherDefault, plain}, names: []string{"a-default", "z-default"}},
		"DefaultOtherPhase": {reason: "a default of another phase is not for this run", docs: []string{backupDefault, otherDefault}, names: []string{"a-default"}},
		"NoneWanted":        {reason: "none leaves out the defaults", docs: []string{byDefault}, want: wish{said: true}},
		"Missing":           {reason: "says what there is", docs: []string{plain}, want: named("plian"), errs: []string{`pipeline "plian" does not exist`, `there are "plain"`}},
		"MissingAtAll":      {reason: "says that there are none", want: named("a"), errs: []string{"none exists"}},
		"MissingAndUnreadable": {
			reason: "the wanted one may be the one that cannot be read", docs: []string{noYAML}, want: named("a"),
			errs: []string{`pipeline "a" does not exist`, "do not tell their name"},
		},
		"Duplicate":        {reason: "which one is meant cannot be told", docs: []string{plain, plain}, want: named("plain"), errs: []string{"exists 2 times", `ConfigMap velero/p0`, `ConfigMap velero/p1`}},
		"DuplicateDefault": {reason: "also among defaults", docs: []string{byDefault, byDefault}, errs: []string{"exists several times"}},
		"Broken":           {reason: "a named pipeline must load", docs: []string{typo}, want: named("typo"), errs: []string{"mutatorz", `ConfigMap velero/p0 key 0.yaml`}},
		"BrokenOther":      {reason: "a broken pipeline that nobody names hurts nobody", docs: []string{plain, typo}, want: named("plain"), names: []string{"plain"}},
		"BrokenNoDefault":  {reason: "nor does one that surely is no default", docs: []string{byDefault, typo}, names: []string{"z-default"}},
		"BrokenDefault":    {reason: "a default that does not load must not be skipped", docs: []string{brokenDefault}, errs: []string{"mutatorz", "applies to every run"}},
		"Unreadable":       {reason: "it might be a default", docs: []string{noYAML}, errs: []string{"applies to every run"}},
		"SecondDocument":   {reason: "the second document might be a default", docs: []string{hiddenDefault}, errs: []string{"applies to every run"}},
		"WrongPhase":       {reason: "named for a phase it is not for", docs: []string{backupOnly}, want: named("backup-only"), errs: []string{"not in a Restore"}},
		"AllProblems":      {reason: "all at once", docs: []string{typo, backupOnly}, want: named("typo", "gone", "backup-only"), errs: []string{"mutatorz", `"gone" does not exist`, "not in a Restore"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var configMaps []corev1.ConfigMap
			for i, d := range tc.docs {
				configMaps = append(configMaps, pipelineMap("p"+string(rune('0'+i)), d))
			}
			chosen, problems := choose(readDocuments(configMaps), tc.want, runRef{phase: pipeline.Restore, namespace: ns})
			var names []string
			for _, d := range chosen {
				names = append(names, d.pipeline.Metadata.Name)
			}
			text := ""
			if err := errors.Join(problems...); err != nil {
				text = err.Error()
			}
			if (len(tc.errs) == 0) != (text == "") {
				t.Fatalf("%s: choose(): problems %q", tc.reason, text)
			}
			for _, want := range tc.errs {
				if !strings.Contains(text, want) {
					t.Errorf("%s: choose(): %q is not in:\n%s", tc.reason, want, text)
				}
			}
			if diff := cmp.Diff(tc.names, names); len(tc.errs) == 0 && diff != "" {
				t.Errorf("%s: choose(): -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestReadDocumentsBinary(t *testing.T) {
	cm := pipelineMap("p")
	cm.BinaryData = map[string][]byte{"a.yaml": []byte("x")}
	docs := readDocuments([]corev1.ConfigMap{cm})
	if len(docs) != 1 || docs[0].err == nil || !docs[0].maybeDefault {
		t.Errorf("a pipeline in binaryData must not be overlooked: %+v", docs)
	}
}

func TestReservedName(t *testing.T) {
	d := readDocument("x", []byte(yamlPipeline("none", "\tmutators: [{builtin: mark}]\n")))
	checkError(t, "none is how a run asks for no pipeline", d.err, "choose another name")
}

func named(names ...string) wish { return wish{said: true, names: names} }

func ptr(s string) *string { return &s }

// checkError checks that err says want, and is nil when want is empty.
func checkError(t *testing.T, reason string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: error %v", reason, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: error %v, want one with %q", reason, err, want)
	}
}
