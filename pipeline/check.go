package pipeline

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/velero-krm/velero-krm/fn/runcontext"
)

// DefaultTimeout of one call of a function: krm-functions run in well under a
// second, and kpt's five minutes would hold a restore for as long.
const DefaultTimeout = 30 * time.Second

var (
	// nameSyntax is that of names of most Kubernetes objects (RFC 1123
	// subdomain), so that a ConfigMap's key, a label and a file can carry it.
	nameSyntax = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	// sha256Syntax is what sha256sum prints.
	sha256Syntax = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
)

// checker checks what the types alone do not: it runs for each pipeline, read
// from a file or made by a program.
type checker struct {
	problems
}

// told reports whether something is known to be wrong at path or below, so
// that one mistake is told once.
func (c *checker) told(path string) bool {
	return slices.ContainsFunc(c.list, func(p Problem) bool {
		rest, ok := strings.CutPrefix(p.Path, path)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// require adds a problem unless value is there or one was told already.
func (c *checker) require(path, value, hint string) bool {
	if value == "" && !c.told(path) {
		c.add(path, "is required", hint)
	}
	return value != ""
}

func (c *checker) pipeline(p *Pipeline) {
	if c.require("apiVersion", p.APIVersion, "write apiVersion: "+APIVersion) && p.APIVersion != APIVersion {
		c.addf("apiVersion", "write apiVersion: "+APIVersion, "%q is not one this version knows", p.APIVersion)
	}
	c.kind(p.Kind)
	if c.require("metadata.name", p.Metadata.Name, "Backups and Restores name the pipeline by it") &&
		(len(p.Metadata.Name) > 253 || !nameSyntax.MatchString(p.Metadata.Name)) {
		c.addf("metadata.name", `use lower case letters, digits, "-" and "."`, "%q is not a name", p.Metadata.Name)
	}
	if _, ok := c.source.lines["spec"]; !ok && c.source.lines != nil {
		c.add("spec", "is required", "write mutators and validators under spec")
	}
	enums(c, "spec.phases", p.Spec.Phases, Backup, Restore)
	names := map[string]string{}
	c.steps("spec.mutators", p.Spec.Mutators, names)
	c.steps("spec.validators", p.Spec.Validators, names)
	for i, s := range p.Spec.Validators {
		if path := fmt.Sprintf("spec.validators[%d].allow", i); len(s.Allow) > 0 {
			c.add(path, "a validator cannot change the list: what it returns is dropped", "remove allow, or make the step a mutator")
		}
	}
}

func (c *checker) kind(kind string) {
	hint := "write kind: " + Kind
	switch kind {
	case "Kptfile":
		hint += " and put mutators and validators of the Kptfile's pipeline under spec"
	case "ConfigMap":
		hint += "; of a ConfigMap that holds pipelines, give the text of one value, without the ConfigMap"
	}
	if c.require("kind", kind, hint) && kind != Kind {
		c.addf("kind", hint, "is %q", kind)
	}
}

// steps checks the steps of one list; names holds the explicit names so far.
func (c *checker) steps(path string, steps []Step, names map[string]string) {
	for i := range steps {
		s, p := &steps[i], fmt.Sprintf("%s[%d]", path, i)
		c.function(s, p)
		c.config(s, p)
		c.policy(s, p)
		c.selection(s, p)
		if s.Name == "" {
			continue
		}
		if other, ok := names[s.Name]; ok {
			c.addf(p+".name", "messages name the step: give each its own", "%s has the same name %q", other, s.Name)
		}
		names[s.Name] = p
	}
}

// function checks what runs.
func (c *checker) function(s *Step, path string) {
	var set []string
	for _, f := range []struct{ key, value string }{
		{"builtin", s.Builtin}, {"exec", s.Exec}, {"wasm", s.Wasm}, {"image", s.Image}, {"remote", s.Remote},
	} {
		switch {
		case f.value != "":
			set = append(set, f.key)
		case c.source.lines[path+"."+f.key] > 0 && !c.told(path+"."+f.key):
			c.add(path+"."+f.key, "is empty", "name the function")
			return
		}
	}
	switch {
	case len(set) == 0 && !c.told(path):
		c.add(path, "names no function", "add one of builtin, exec")
	case len(set) > 1:
		c.addf(path+"."+set[1], "keep one", "the step names several functions: %s", strings.Join(set, ", "))
	case len(set) == 1 && set[0] != "builtin" && set[0] != "exec":
		c.addf(path+"."+set[0], "use builtin, or exec with an executable that is on the machine",
			"not supported yet: this version runs no function given by %s", set[0])
	}
	if s.Exec != "" {
		c.command(s.Exec, path+".exec")
	}
	c.digest(s, path)
}

func (c *checker) command(exec, path string) {
	words, err := SplitCommand(exec)
	switch {
	case err != nil:
		c.addf(path, "close the quote, or write two backslashes for one", "cannot be split into words: %v", err)
	case len(words) == 0 || words[0] == "":
		c.add(path, "names no executable", "write a path")
	}
}

func (c *checker) digest(s *Step, path string) {
	if s.SHA256 == "" {
		return
	}
	path += ".sha256"
	if !sha256Syntax.MatchString(s.SHA256) {
		c.add(path, "is not 64 hex digits", "write what sha256sum prints for the file, without a prefix")
		return
	}
	if s.Builtin != "" && s.Exec == "" {
		c.add(path, "a builtin function has no file to pin", "remove it")
	}
}

// config checks what configures the function.
func (c *checker) config(s *Step, path string) {
	var set []string
	if s.ConfigMap != nil {
		set = append(set, "configMap")
	}
	if s.Config != nil {
		set = append(set, "config")
	}
	if s.ConfigPath != "" {
		set = append(set, "configPath")
	}
	if len(set) > 1 {
		c.addf(path+"."+set[1], "keep one", "the step has several configurations: %s", strings.Join(set, ", "))
	}
	if s.Config != nil {
		for _, key := range []string{"apiVersion", "kind"} {
			if v, ok := s.Config[key].(string); (!ok || v == "") && !c.told(path+".config."+key) {
				c.addf(path+".config", "config is a whole object; for plain keys and values use configMap", "has no %s", key)
			}
		}
	}
	if s.ConfigPath == "" {
		if c.source.lines[path+".configPath"] > 0 && !c.told(path+".configPath") {
			c.add(path+".configPath", "is empty", "name a file")
		}
		return
	}
	if !filepath.IsLocal(s.ConfigPath) || slices.Contains(strings.Split(s.ConfigPath, "/"), "..") {
		c.addf(path+".configPath", `write a relative path without ".."`, "%q leaves the folder of the pipeline", s.ConfigPath)
	}
}

// policy checks how the function runs and what it may do.
func (c *checker) policy(s *Step, path string) {
	if s.Timeout != "" {
		d, err := time.ParseDuration(s.Timeout)
		switch {
		case err != nil:
			c.addf(path+".timeout", "write a number with a unit, as 30s, 500ms or 2m", "%q is not a duration", s.Timeout)
		case d <= 0:
			c.addf(path+".timeout", "leave it out for the default of "+DefaultTimeout.String(), "%q is not above zero", s.Timeout)
		}
	}
	enum(c, path+".onError", s.OnError, Fail, Ignore)
	enum(c, path+".scope", s.Scope, Batch, List)
	enums(c, path+".allow", s.Allow, Create, Delete, Rename)
	enums(c, path+".facts", s.Facts, runcontext.Facts()...)
	if len(s.Facts) > 0 && !s.Context && !c.told(path+".context") {
		c.add(path+".facts", "facts come in the context of the run, which the step does not ask for", "add context: true")
	}
}

// enum checks one value; empty stands for the default.
func enum[T ~string](c *checker, path string, value T, known ...T) {
	if value == "" {
		if c.source.lines[path] > 0 && !c.told(path) {
			c.add(path, "is empty", "write one of "+join(known))
		}
		return
	}
	if !slices.Contains(known, value) {
		c.addf(path, "write one of "+join(known), "%q is not known", string(value))
	}
}

// enums checks a set of values.
func enums[T ~string](c *checker, path string, values []T, known ...T) {
	for i, v := range values {
		p := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case c.told(p):
		case !slices.Contains(known, v):
			c.addf(p, "write one of "+join(known), "%q is not known", string(v))
		case slices.Contains(values[:i], v):
			c.addf(p, "write it once", "%q is repeated", string(v))
		}
	}
}

func join[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
