package starlark

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/lib/math"
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
	"go.starlark.net/syntax"

	"github.com/velero-krm/velero-krm/fn"
)

// module is what a script can load: one value, with functions.
type module struct {
	// file is what load names, name is what it gives.
	file, name string
	build      func() *starlarkstruct.Module
}

// modules are those of the public catalogue's function (its loadlib.go and
// github.com/qri-io/starlib v0.5.0) that compute from their arguments alone and
// need no library of their own.
func modules() []module {
	return []module{
		{"encoding/base64.star", "base64", base64Module},
		{"encoding/csv.star", "csv", csvModule},
		{"encoding/json.star", jsonName, jsonModule},
		{"encoding/yaml.star", "yaml", yamlModule},
		{"hash.star", "hash", hashModule},
		{"krmfn.star", "krmfn", krmfnModule},
		{"math.star", "math", func() *starlarkstruct.Module { return math.Module }},
		{"re.star", "re", reModule},
	}
}

// absent says of the other modules of the public catalogue's function why they
// are not here.
func absent(file string) string {
	switch file {
	case "http.star":
		return "functions do not reach the network"
	case "time.star":
		return "functions do not know the time"
	case "bsoup.star", "geo.star", "html.star", "xlsx.star", "zipfile.star":
		return "it is no module for Kubernetes objects"
	}
	return ""
}

func moduleOf(file string) (module, bool) {
	all := modules()
	i := slices.IndexFunc(all, func(m module) bool { return m.file == file })
	if i < 0 {
		return module{}, false
	}
	return all[i], true
}

// load is how a script loads this module.
func (m module) load() string { return fmt.Sprintf("load(%q, %q)", m.file, m.name) }

// newLoader returns what loads modules in one run of a script.
func newLoader() func(*starlark.Thread, string) (starlark.StringDict, error) {
	loaded := map[string]starlark.StringDict{}
	return func(_ *starlark.Thread, file string) (starlark.StringDict, error) {
		if loaded[file] == nil {
			m, ok := moduleOf(file)
			if !ok {
				return nil, errors.New("there is no such module")
			}
			loaded[file] = starlark.StringDict{m.name: m.build()}
		}
		return loaded[file], nil
	}
}

// newModule returns a module whose functions tell their full name in errors.
func newModule(name string, functions map[string]builtin) *starlarkstruct.Module {
	members := make(starlark.StringDict, len(functions))
	for f, impl := range functions {
		members[f] = starlark.NewBuiltin(name+"."+f, impl)
	}
	return &starlarkstruct.Module{Name: name, Members: members}
}

// builtin is a function that scripts call.
type builtin = func(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error)

// checkModules tells which modules and names of modules a script, already
// resolved, uses that are not there.
func checkModules(file *syntax.File) error {
	c := moduleChecker{loaded: map[*syntax.Ident]*starlarkstruct.Module{}}
	for _, stmt := range file.Stmts { // load stands nowhere else
		if l, ok := stmt.(*syntax.LoadStmt); ok {
			c.load(l)
		}
	}
	// A name that is bound again may be anything.
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			c.forget(n.LHS)
		case *syntax.ForStmt:
			c.forget(n.Vars)
		case *syntax.DefStmt:
			c.forget(n.Name)
		}
		return true
	})
	syntax.Walk(file, func(n syntax.Node) bool {
		if dot, ok := n.(*syntax.DotExpr); ok {
			c.use(dot)
		}
		return true
	})
	return errors.Join(c.errs...)
}

type moduleChecker struct {
	// loaded are the modules by where their name is bound.
	loaded map[*syntax.Ident]*starlarkstruct.Module
	errs   []error
}

func (c *moduleChecker) problem(at syntax.Position, reason, hint string) {
	c.errs = append(c.errs, fn.Invalid(keySource, fmt.Sprintf("line %d: %s", at.Line, reason), hint))
}

func (c *moduleChecker) load(l *syntax.LoadStmt) {
	file := l.ModuleName()
	m, ok := moduleOf(file)
	if !ok {
		reason := "there is no module " + strconv.Quote(file)
		if why := absent(file); why != "" {
			reason = fmt.Sprintf("module %q is not available: %s", file, why)
		}
		c.problem(l.Load, reason, hintModule(file))
		return
	}
	for i, from := range l.From {
		if from.Name != m.name {
			c.problem(from.NamePos, fmt.Sprintf("module %q has no %q", file, from.Name), m.load())
			continue
		}
		if at := boundAt(l.To[i]); at == l.To[i] {
			c.loaded[at] = m.build()
		} else {
			delete(c.loaded, at)
		}
	}
}

// hintModule says what a script may have meant.
func hintModule(file string) string {
	base := strings.TrimSuffix(path.Base(file), ".star")
	files := []string{}
	for _, m := range modules() {
		if m.name == base {
			return m.load()
		}
		files = append(files, m.file)
	}
	return "available: " + strings.Join(files, ", ")
}

// boundAt returns where what an identifier stands for is bound first; nil for
// what is no variable of the script.
func boundAt(id *syntax.Ident) *syntax.Ident {
	b, ok := id.Binding.(*resolve.Binding)
	if !ok || b.Scope == resolve.Predeclared || b.Scope == resolve.Universal {
		return nil
	}
	return b.First
}

// forget takes the names that lhs binds for anything but modules.
func (c *moduleChecker) forget(lhs syntax.Expr) {
	switch lhs := lhs.(type) {
	case *syntax.Ident:
		delete(c.loaded, boundAt(lhs))
	case *syntax.ParenExpr:
		c.forget(lhs.X)
	case *syntax.TupleExpr:
		for _, e := range lhs.List {
			c.forget(e)
		}
	case *syntax.ListExpr:
		for _, e := range lhs.List {
			c.forget(e)
		}
	}
}

// use checks x.name where x is a module.
func (c *moduleChecker) use(dot *syntax.DotExpr) {
	id, ok := dot.X.(*syntax.Ident)
	if !ok {
		return
	}
	m := c.loaded[boundAt(id)]
	if b, ok := id.Binding.(*resolve.Binding); ok && b.Scope == resolve.Predeclared && id.Name == jsonName {
		m = jsonModule()
	}
	if m == nil || m.Members.Has(dot.Name.Name) {
		return
	}
	has := strings.Join(slices.Sorted(maps.Keys(m.Members)), ", ")
	c.problem(id.NamePos, fmt.Sprintf("module %s has no %q", m.Name, dot.Name.Name), "it has "+has)
}
