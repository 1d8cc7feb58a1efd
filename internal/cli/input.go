package cli

import (
	"bufio"
	"bytes"
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
	// done are the files that were read, by their real path: paths that
	// overlap, such as a folder and a file in it, give each object once.
	done map[string]bool
}

// readAll reads all paths in order. "-" is stdin.
func (r *reader) readAll(paths []string) ([]*krm.Item, error) {
	stdin := 0
	for _, path := range paths {
		if path == "-" {
			stdin++
		}
	}
	if stdin > 1 {
		return nil, usagef("name - once", "read stdin: it is given twice")
	}
	var items []*krm.Item
	for _, path := range paths {
		more, err := r.read(path)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	return items, nil
}

func (r *reader) read(path string) ([]*krm.Item, error) {
	if path == "-" {
		return r.readStdin()
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	if !info.IsDir() {
		return r.readNamed(path)
	}
	files, err := r.walk(path)
	if err != nil {
		return nil, err
	}
	var items []*krm.Item
	for _, file := range files {
		more, err := r.readFile(file)
		if err != nil {
			return nil, err
		}
		items = append(items, more...)
	}
	return items, nil
}

// readStdin refuses stdin without content: what writes it has most likely
// failed, and an empty result would pass for a whole one further on.
func (r *reader) readStdin() ([]*krm.Item, error) {
	data, err := io.ReadAll(r.stdin)
	if err != nil {
		return nil, fmt.Errorf("read objects: read stdin: %w", err)
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, emptyInput("stdin")
	}
	return readItems(bytes.NewReader(data), "stdin")
}

func emptyInput(name string) error {
	return usagef("see whether the command before failed; no objects at all are written as a List with items: []", "read objects: %s is empty", name)
}

// readNamed reads a file that -f itself names, and refuses it without content
// as readStdin does.
func (r *reader) readNamed(path string) ([]*krm.Item, error) {
	items, err := r.readFile(path)
	if err != nil || len(items) > 0 {
		return items, err
	}
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil, emptyInput(path)
	}
	return items, nil
}

// walk returns the files of a folder and the folders in it that hold objects,
// in lexical order. Names that begin with a dot are skipped, such as those of
// the folder behind a mounted ConfigMap. A link to another folder is refused:
// its objects must not be left out without a word.
func (r *reader) walk(dir string) ([]string, error) {
	var files []string
	skipped := ""
	// With a separator at its end a link to a folder is that folder.
	root := strings.TrimRight(dir, string(filepath.Separator)) + string(filepath.Separator)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.Type()&fs.ModeSymlink != 0 && isFolder(path):
			return usagef("name the folder with an -f of its own, or remove the link", "%q is a link to a folder, and these are not followed", path)
		case d.IsDir() || !isObjectFile(d.Name()):
			return nil
		case r.skipped(path):
			skipped = path
			return nil
		}
		files = append(files, path)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read folder %q: %w", dir, err)
	}
	if len(files) == 0 && skipped != "" {
		return nil, usagef("name the file itself if it holds objects", "read folder %q: it holds no other file with objects than %s, which --pipeline, --config or --context names", dir, skipped)
	}
	if len(files) == 0 {
		return nil, usagef("name a folder that has some, or the files themselves", "read folder %q: no .yaml, .yml or .json file in it", dir)
	}
	return files, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() // reading a broken link will tell
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

// readFile reads a file, or nothing when it was read before.
func (r *reader) readFile(path string) ([]*krm.Item, error) {
	if real, err := realPath(path); err == nil {
		if r.done[real] {
			return nil, nil
		}
		if r.done == nil {
			r.done = map[string]bool{}
		}
		r.done[real] = true
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read objects: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	return readItems(file, path)
}

// realPath is the same for all paths of one file.
func realPath(path string) (string, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// gzipMagic is how a gzip file begins, such as the one that velero backup
// download writes.
const gzipMagic = "\x1f\x8b"

func readItems(r io.Reader, name string) ([]*krm.Item, error) {
	start := bufio.NewReader(r)
	if magic, err := start.Peek(len(gzipMagic)); err == nil && string(magic) == gzipMagic {
		return nil, usagef("unpack it first; docs/velero.md shows it for a backup", "read objects: %s is packed with gzip", name)
	}
	items, err := krm.ReadItems(start, name)
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
