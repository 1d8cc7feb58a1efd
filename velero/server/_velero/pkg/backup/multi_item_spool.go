/*
Copyright the Velero contributors.

Licensed under the Apache License, Version 2.0 (the "License");
you may not use this file except in compliance with the License.
You may obtain a copy of the License at

    http://www.apache.org/licenses/LICENSE-2.0

Unless required by applicable law or agreed to in writing, software
distributed under the License is distributed on an "AS IS" BASIS,
WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
See the License for the specific language governing permissions and
limitations under the License.
*/

package backup

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// spoolBuffer is how much of a spool is written at once.
const spoolBuffer = 256 << 10

// itemSpool holds the objects that multi-item actions returned, one after the
// other in one file. A file for each, as the collector makes them, costs
// creating, closing and reopening it: more than all else that is done with an
// item between the collector and the tarball. It is safe for concurrent use.
type itemSpool struct {
	dir string

	mu   sync.Mutex
	file *os.File
	out  *bufio.Writer
	// end is where the next object goes, flushed what can be read.
	end, flushed int64
}

// spooledItem is where an object is in the spool.
type spooledItem struct {
	at, size int64
}

// add appends an object.
func (s *itemSpool) add(object []byte) (*spooledItem, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "")
		if err != nil {
			return nil, fmt.Errorf("error creating spool: %w", err)
		}
		s.file, s.out = f, bufio.NewWriterSize(f, spoolBuffer)
	}
	if _, err := s.out.Write(object); err != nil {
		return nil, fmt.Errorf("error writing to spool: %w", err)
	}
	item := &spooledItem{at: s.end, size: int64(len(object))}
	s.end += item.size
	return item, nil
}

// read returns an object.
func (s *itemSpool) read(item *spooledItem) ([]byte, error) {
	file, err := s.readable(item)
	if err != nil {
		return nil, err
	}
	object := make([]byte, item.size)
	if _, err := file.ReadAt(object, item.at); err != nil {
		return nil, fmt.Errorf("error reading from spool: %w", err)
	}
	return object, nil
}

// readable makes sure that the object is in the file.
func (s *itemSpool) readable(item *spooledItem) (*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if item.at+item.size <= s.flushed {
		return s.file, nil
	}
	if err := s.out.Flush(); err != nil {
		return nil, fmt.Errorf("error writing spool: %w", err)
	}
	s.flushed = s.end
	return s.file, nil
}

// close closes the file, which is removed with its folder.
func (s *itemSpool) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		_ = s.file.Close()
	}
}

// itemFile is the file of an item, or what stands for it.
type itemFile interface {
	io.ReadCloser
	Name() string
}

// spooledFile is an item in the spool as a file.
type spooledFile struct {
	*bytes.Reader
}

// Close does nothing.
func (spooledFile) Close() error { return nil }

// Name returns nothing: there is no file to be removed.
func (spooledFile) Name() string { return "" }

// open opens what is to be backed up of an item.
func (m *multiItems) open(resource *kubernetesResource) (itemFile, error) {
	if m != nil && resource.spooled != nil {
		object, err := m.spool.read(resource.spooled)
		if err != nil {
			return nil, fmt.Errorf("%s %s/%s: %w", resource.groupResource, resource.namespace, resource.name, err)
		}
		return spooledFile{bytes.NewReader(object)}, nil
	}
	f, err := os.Open(resource.path)
	if err != nil {
		return nil, err
	}
	return f, nil
}

// read returns an item as JSON.
func (m *multiItems) read(resource *kubernetesResource) ([]byte, error) {
	if resource.spooled != nil {
		return m.spool.read(resource.spooled)
	}
	return os.ReadFile(resource.path)
}

// replace puts another object in the place of an item's. The file that the
// collector made is removed, so that no more is on the disk than was.
func (m *multiItems) replace(resource *kubernetesResource, object []byte) error {
	spooled, err := m.spool.add(object)
	if err != nil {
		return err
	}
	if resource.spooled == nil {
		_ = os.Remove(resource.path)
	}
	resource.spooled = spooled
	return nil
}

// release takes the file of an item that was read. Without actions nobody
// needs it again.
func (m *multiItems) release(remove func(path string) error, path string) {
	if m == nil {
		_ = remove(path)
	}
}
