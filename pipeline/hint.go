package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

const mergeHint = "merge keys are not supported: write the keys out"

// unknownKeyHint tells what the author of an unknown key may have meant.
func unknownKeyHint(name string, known []string) string {
	if name == "tag" {
		return "not supported: write the version into image"
	}
	return nearestHint(name, known)
}

// nearestHint reads `did you mean "exec"?`, or lists what there is when
// nothing is near.
func nearestHint(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) == 0 {
		return ""
	}
	return "known: " + strings.Join(known, ", ")
}

// nearest returns the one of known that name most likely was meant to be, and
// "" when none is near.
func nearest(name string, known []string) string {
	best, bestDistance := "", len(name)/3+2
	for _, k := range known {
		distance := editDistance(strings.ToLower(name), strings.ToLower(k))
		if distance < bestDistance {
			best, bestDistance = k, distance
		}
	}
	return best
}

// editDistance counts the letters to insert, delete or replace to get from a
// to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// ConfigHint says what to do about a file that was to be a functionConfig and is
// no KRM object: it knows the rules that Velero's own resource modifiers read
// from a ConfigMap, and the name that the file shall have. Empty for other data.
func ConfigHint(data []byte, file string) string {
	var top map[string]yaml.Node
	if err := yaml.Unmarshal(data, &top); err != nil {
		return ""
	}
	_, rules := top["resourceModifierRules"]
	_, object := top["apiVersion"]
	if !rules || object {
		return ""
	}
	return "these are rules of Velero's resource modifiers; wrap them in a ConfigMap: kubectl create configmap resource-modifiers --from-file=" +
		file + " --dry-run=client -o yaml"
}

// hintOf returns the hint that an error of another package carries.
func hintOf(err error) string {
	var function *runner.FunctionError
	if errors.As(err, &function) && function.Hint != "" {
		return function.Hint
	}
	var syntax *krm.SyntaxError
	if errors.As(err, &syntax) {
		return syntax.Hint
	}
	return ""
}
