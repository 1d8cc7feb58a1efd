package server

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Module is the path of Velero's module.
const Module = "github.com/vmware-tanzu/velero"

// Tree is what the edited module is made of.
type Tree struct {
	// Source is the folder of the released module.
	Source string
	// Own is the folder of files to add, which mirrors Source.
	Own string
	// ModFiles is the folder with the go.mod and go.sum for this version.
	ModFiles string
	// Library is the folder of package multiitem, and LibraryMod a go.mod for a
	// module that has nothing else.
	Library, LibraryMod string
	// Edits to apply.
	Edits []Edit
}

// unused are the folders of Velero's module that no package of the server or
// its tests is in; they are most of its size.
var unused = []string{"site", "design", "assets", "changelogs", "hack", "tilt-resources", "examples"}

// library is where the tree has the module velero-krm, which go.mod replaces.
const library = "third_party/velero-krm"

// Write makes the edited tree in dir. It writes only what differs and removes
// what does not belong there, so that a second run changes nothing.
func (t Tree) Write(dir string) error {
	files, err := t.files()
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := writeIfDiffers(filepath.Join(dir, filepath.FromSlash(name)), data); err != nil {
			return fmt.Errorf("write edited tree: %w", err)
		}
	}
	return prune(dir, files)
}

// files returns all files of the edited tree by their names.
func (t Tree) files() (map[string][]byte, error) {
	files, err := readFiles(t.Source, func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		return !slices.Contains(unused, top) && !strings.HasPrefix(top, ".")
	})
	if err != nil {
		return nil, fmt.Errorf("read Velero's source: %w", err)
	}
	if err := applyAll(files, t.Edits); err != nil {
		return nil, err
	}
	if err := t.addLibrary(files); err != nil {
		return nil, err
	}
	own, err := t.ownFiles()
	if err != nil {
		return nil, err
	}
	for name, data := range own {
		if _, taken := files[name]; taken && path.Dir(name) != "." {
			return nil, fmt.Errorf("add file %s: Velero has a file of that name", name)
		}
		files[name] = data
	}
	return files, nil
}

// Changed returns the names of the files that differ from the released
// module's, sorted; without the library, which is a module of its own.
func (t Tree) Changed() ([]string, error) {
	own, err := t.ownFiles()
	if err != nil {
		return nil, err
	}
	var names []string
	for name := range own {
		names = append(names, name)
	}
	for _, e := range t.Edits {
		names = append(names, e.File)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// addLibrary adds package multiitem without its tests.
func (t Tree) addLibrary(files map[string][]byte) error {
	found, err := readFiles(t.Library, func(name string) bool {
		return name == "multiitemv1" || path.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
	})
	if err != nil {
		return fmt.Errorf("read package multiitem: %w", err)
	}
	for name, data := range found {
		files[path.Join(library, "multiitem", name)] = data
	}
	mod, err := os.ReadFile(t.LibraryMod)
	if err != nil {
		return fmt.Errorf("read go.mod of package multiitem: %w", err)
	}
	files[path.Join(library, "go.mod")] = mod
	return nil
}

// ownFiles returns the files to add, and those of the module.
func (t Tree) ownFiles() (map[string][]byte, error) {
	files, err := readFiles(t.Own, func(string) bool { return true })
	if err != nil {
		return nil, fmt.Errorf("read own files: %w", err)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(t.ModFiles, name))
		if err != nil {
			return nil, fmt.Errorf("read module files: %w; make velero-gomod writes them", err)
		}
		files[name] = data
	}
	return files, nil
}

// applyAll applies the edits file by file and reports all that do not fit.
func applyAll(files map[string][]byte, edits []Edit) error {
	byFile := map[string][]Edit{}
	var names []string
	for _, e := range edits {
		if _, ok := byFile[e.File]; !ok {
			names = append(names, e.File)
		}
		byFile[e.File] = append(byFile[e.File], e)
	}
	var errs []error
	for _, name := range names {
		source, ok := files[name]
		if !ok {
			errs = append(errs, &AnchorError{Edit: byFile[name][0], What: "file"})
			continue
		}
		edited, err := Apply(source, byFile[name])
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files[name] = edited
	}
	return errors.Join(errs...)
}

// readFiles reads the regular files under dir that keep wants.
func readFiles(dir string, keep func(name string) bool) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if entry.IsDir() {
			if name != "." && !keep(name) {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || !keep(name) {
			return nil
		}
		files[name], err = os.ReadFile(p)
		return err
	})
	return files, err
}

func writeIfDiffers(name string, data []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// prune removes the files in dir that do not belong to the tree.
func prune(dir string, files map[string][]byte) error {
	return filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		if _, ok := files[filepath.ToSlash(rel)]; ok {
			return nil
		}
		return os.Remove(p)
	})
}
