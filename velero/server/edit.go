package server

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"strings"
)

// Where says on which side of its anchor an edit is made.
type Where int

// The three places of an edit. The zero value is none of them.
const (
	// Before inserts before the anchor and the comment directly above it.
	Before Where = iota + 1
	// After inserts after the anchor, on lines of its own.
	After
	// Replace puts the inserted statements in the place of the anchor.
	Replace
)

// String returns the place in lower case.
func (w Where) String() string {
	switch w {
	case Before:
		return "before"
	case After:
		return "after"
	case Replace:
		return "instead of"
	default:
		return "nowhere"
	}
}

// Edit is one change to one file. It either inserts statements into a function,
// or fields into a struct type.
type Edit struct {
	// Name of the edit, for messages and the README.
	Name string
	// File in Velero's tree, with slashes.
	File string
	// Func to edit, as "AllPluginKinds" or "(*manager).GetBackupItemActions".
	Func string
	// Anchor is how a statement of the function starts, in its source text;
	// white space counts as one blank. Exactly one statement may start so.
	Anchor string
	// Where the statements go.
	Where Where
	// Type is the struct that gets fields at its end. Func, Anchor and Where are
	// empty then.
	Type string
	// Insert is the source of the statements or fields.
	Insert string
}

// AnchorError tells that an edit does not fit the source.
type AnchorError struct {
	// Edit that does not fit.
	Edit Edit
	// Found is how often its function, type or anchor was found.
	Found int
	// What was looked for: "function", "type", "anchor" or "file".
	What string
}

// Error names the edit, the file, the function and the anchor.
func (e *AnchorError) Error() string {
	where := fmt.Sprintf("apply edit %q to %s", e.Edit.Name, e.Edit.File)
	switch e.What {
	case "file":
		return where + ": no such file"
	case "type":
		return fmt.Sprintf("%s: struct type %s found %d times, want once", where, e.Edit.Type, e.Found)
	case "function":
		return fmt.Sprintf("%s: function %s found %d times, want once", where, e.Edit.Func, e.Found)
	default:
		return fmt.Sprintf("%s, function %s: statement %q found %d times, want once", where, e.Edit.Func, e.Edit.Anchor, e.Found)
	}
}

// Hint says what to do about it.
func (e *AnchorError) Hint() string {
	return "this Velero differs from those the edits were made for; look at the file and change the edit in velero/server/edits.go"
}

// change is a replacement of bytes in a source file.
type change struct {
	from, to int
	text     string
}

// Apply returns the source with the edits applied and formatted. All edits are
// of this file. It reports every edit that does not fit, each as *AnchorError.
func Apply(source []byte, edits []Edit) ([]byte, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse source: %w", err)
	}
	var changes []change
	var errs []error
	for _, e := range edits {
		c, err := locate(fset, file, source, e)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		changes = append(changes, c)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}

	formatted, err := format.Source(replaceAll(source, changes))
	if err != nil {
		return nil, fmt.Errorf("format edited source: %w", err)
	}
	return formatted, nil
}

// replaceAll makes the changes, those at one place in their order.
func replaceAll(source []byte, changes []change) []byte {
	var out bytes.Buffer
	done := make([]bool, len(changes))
	at := 0
	for range changes {
		next := -1
		for i, c := range changes {
			if !done[i] && (next < 0 || c.from < changes[next].from) {
				next = i
			}
		}
		done[next] = true
		out.Write(source[at:changes[next].from])
		out.WriteString(changes[next].text)
		at = changes[next].to
	}
	out.Write(source[at:])
	return out.Bytes()
}

func locate(fset *token.FileSet, file *ast.File, source []byte, e Edit) (change, error) {
	if e.Type != "" {
		return locateType(fset, file, e)
	}
	body, found := functionBody(file, e.Func)
	if found != 1 {
		return change{}, &AnchorError{Edit: e, Found: found, What: "function"}
	}
	statements := statementsLike(fset, source, body, e.Anchor)
	if len(statements) != 1 {
		return change{}, &AnchorError{Edit: e, Found: len(statements), What: "anchor"}
	}
	from, to := offset(fset, statements[0].Pos()), offset(fset, statements[0].End())
	switch e.Where {
	case Before:
		at := withComment(fset, file, from, source)
		return change{from: at, to: at, text: e.Insert + "\n"}, nil
	case After:
		at := endOfLine(source, to)
		return change{from: at, to: at, text: "\n" + e.Insert}, nil
	case Replace:
		return change{from: from, to: to, text: e.Insert}, nil
	default:
		return change{}, fmt.Errorf("apply edit %q: no place given", e.Name)
	}
}

func locateType(fset *token.FileSet, file *ast.File, e Edit) (change, error) {
	var structs []*ast.StructType
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok && spec.Name.Name == e.Type {
			if s, ok := spec.Type.(*ast.StructType); ok {
				structs = append(structs, s)
			}
		}
		return true
	})
	if len(structs) != 1 {
		return change{}, &AnchorError{Edit: e, Found: len(structs), What: "type"}
	}
	at := offset(fset, structs[0].Fields.Closing)
	return change{from: at, to: at, text: "\n" + e.Insert + "\n"}, nil
}

// functionBody returns the body of the named function, and how many there are.
func functionBody(file *ast.File, name string) (*ast.BlockStmt, int) {
	var body *ast.BlockStmt
	found := 0
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil && functionName(f) == name {
			body = f.Body
			found++
		}
	}
	return body, found
}

// functionName returns "F", "T.F" or "(*T).F".
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return f.Name.Name
	}
	switch t := f.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		if id, ok := t.X.(*ast.Ident); ok {
			return "(*" + id.Name + ")." + f.Name.Name
		}
	case *ast.Ident:
		return t.Name + "." + f.Name.Name
	}
	return f.Name.Name
}

// statementsLike returns the statements whose source starts with the anchor.
// Blocks are left out: they start with a brace, not with a statement.
func statementsLike(fset *token.FileSet, source []byte, body *ast.BlockStmt, anchor string) []ast.Stmt {
	want := oneLine(anchor)
	var found []ast.Stmt
	ast.Inspect(body, func(n ast.Node) bool {
		statement, ok := n.(ast.Stmt)
		if !ok || !listed(statement) {
			return true
		}
		text := source[offset(fset, statement.Pos()):offset(fset, statement.End())]
		if want != "" && strings.HasPrefix(oneLine(string(text)), want) {
			found = append(found, statement)
		}
		return true
	})
	return onLinesOfTheirOwn(source, fset, found)
}

// listed leaves out what is no statement of a list.
func listed(statement ast.Stmt) bool {
	switch statement.(type) {
	case *ast.BlockStmt, *ast.CaseClause, *ast.CommClause:
		return false
	default:
		return true
	}
}

// onLinesOfTheirOwn leaves out statements inside others, as the assignment of
// an if, next to which nothing can be inserted.
func onLinesOfTheirOwn(source []byte, fset *token.FileSet, statements []ast.Stmt) []ast.Stmt {
	var found []ast.Stmt
	for _, s := range statements {
		at := offset(fset, s.Pos())
		start := bytes.LastIndexByte(source[:at], '\n') + 1
		if len(bytes.TrimSpace(source[start:at])) == 0 {
			found = append(found, s)
		}
	}
	return found
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func offset(fset *token.FileSet, pos token.Pos) int { return fset.Position(pos).Offset }

// withComment moves the start of a statement to the start of the comment that
// ends on the line above it.
func withComment(fset *token.FileSet, file *ast.File, from int, source []byte) int {
	line := 1 + bytes.Count(source[:from], []byte("\n"))
	for _, group := range file.Comments {
		if fset.Position(group.End()).Line == line-1 {
			start := offset(fset, group.Pos())
			lineStart := bytes.LastIndexByte(source[:start], '\n') + 1
			if len(bytes.TrimSpace(source[lineStart:start])) == 0 {
				return start
			}
		}
	}
	return from
}

func endOfLine(source []byte, at int) int {
	if i := bytes.IndexByte(source[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(source)
}
