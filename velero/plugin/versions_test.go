package plugin

import (
	"strings"
	"testing"

	"github.com/vmware-tanzu/velero/pkg/plugin/velero"
)

// TestOtherVersion restores and backs up an object in another version than the
// pipeline's author had in mind.
func TestOtherVersion(t *testing.T) {
	const hpa = "apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler"
	cases := map[string]struct {
		reason  string
		spec    string
		wantErr string
		wantLog string
	}{
		"Missed": {
			reason: "it would be restored unconverted", spec: "\tmutators: [{name: images, builtin: mark, selectors: [{" + hpa + "}]}]\n",
			wantErr: `pipeline "p": step "images": HorizontalPodAutoscaler.autoscaling shop/web is autoscaling/v1 here and the step selects autoscaling/v2`,
		},
		"MissedByValidator": {
			reason: "it would go unchecked", spec: "\tmutators: [{builtin: mark}]\n\tvalidators: [{builtin: nothing, selectors: [{" + hpa + "}]}]\n",
			wantErr: "spec.validators[0]",
		},
		"Both":      {reason: "both are named", spec: "\tmutators: [{builtin: mark, selectors: [{" + hpa + "}, {apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler}]}]\n"},
		"Any":       {reason: "any version", spec: "\tmutators: [{builtin: mark, selectors: [{kind: HorizontalPodAutoscaler}]}]\n"},
		"Excluded":  {reason: "left out on purpose", spec: "\tmutators: [{builtin: mark, selectors: [{" + hpa + "}], exclude: [{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler}]}]\n"},
		"OtherName": {reason: "would not match in any version", spec: "\tmutators: [{builtin: mark, selectors: [{" + hpa + ", name: other}]}]\n"},
		"Converted": {
			reason: "a step before may change the version",
			spec:   "\tmutators: [{builtin: nothing, allow: [Rename]}, {builtin: mark, selectors: [{" + hpa + "}]}]\n",
		},
		"Ignored": {
			reason: "the step says so", spec: "\tmutators: [{builtin: mark, onError: Ignore, selectors: [{" + hpa + "}]}]\n",
			wantLog: `level=warning msg="pipeline warns"`,
		},
	}
	const object1 = `{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":{"name":"web","namespace":"shop"}}`
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, []string{yamlPipeline("p", tc.spec)})
			w.allVersions = true
			_, err := (&RestoreItemAction{engine: w.engine}).Execute(&velero.RestoreItemActionExecuteInput{
				Item: object(t, object1), ItemFromBackup: object(t, object1), Restore: aRestore("r1", wants("p")),
			})
			checkError(t, tc.reason, err, tc.wantErr)
			_, _, _, _, err = (&BackupItemAction{engine: w.engine}).Execute(object(t, object1), aBackup("b1", wants("p")))
			checkError(t, tc.reason, err, tc.wantErr)
			if !strings.Contains(w.log.String(), tc.wantLog) {
				t.Errorf("%s: log lacks %s:\n%s", tc.reason, tc.wantLog, w.log.String())
			}
		})
	}
}
