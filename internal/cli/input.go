package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// reader reads the objects that -f names.
type reader struct {
	stdin io.Reader
	// skip are files that are no input although they lie in a folder that is:
	// the pipeline and the configuration.
	skip []os.FileInfo
}

// readAll reads all paths in order. "-" is stdin.
func (r *reader) readAll(paths []string) ([]*krm.Item, error) {
	var items []*krm.Item
	for i, path := range paths {
		if path == "-" && containsBefore(paths, i, "-") {
			return nil, usagef("name - once", "read stdin: it is given twice")
		}
		more, err := r.read(path)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	return items, nil
}

func containsBefore(paths []string, i int, path string) bool {
	for _, p := range paths[:i] {
		if p == path {
			return true
		}
	}
	return false
}

func (r *reader) read(path string) ([]*krm.Item, error) {
	if path == "-" {
		return readItems(r.stdin, "stdin")
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	if !info.IsDir() {
		return readFile(path)
	}
	files, err := r.walk(path)
	if err != nil {
		return nil, err
	}
	var items []*krm.Item
	for _, file := range files {
		more, err := readFile(file)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	return items, nil
}

// walk returns the files of a folder and the folders in it that hold objects,
// in lexical order. Names that begin with a dot are skipped.
func (r *reader) walk(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir() || !isObjectFile(d.Name()) || r.skipped(path):
			return nil
		}
		files = append(files, path)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read folder %q: %w", dir, err)
	}
	if len(files) == 0 {
		return nil, usagef("name a folder that has some, or the files themselves", "read folder %q: no .yaml, .yml or .json file in it", dir)
	}
	return files, nil
}

func isObjectFile(name string) bool {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	default:
		return false
	}
}

func (r *reader) skipped(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false // reading it will tell
	}
	for _, s := range r.skip {
		if os.SameFile(info, s) {
			return true
		}
	}
	return false
}

func readFile(path string) ([]*krm.Item, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	return readItems(file, path)
}

func readItems(r io.Reader, name string) ([]*krm.Item, error) {
	items, err := krm.ReadItems(r, name)
	if err == nil {
		return items, nil
	}
	err = fmt.Errorf("read objects: %w", err)
	var notKRM *krm.NotKRMError
	if errors.As(err, &notKRM) {
		return nil, usagef("every document must be a Kubernetes object with apiVersion, kind and metadata.name", "%w", err)
	}
	return nil, err
}
