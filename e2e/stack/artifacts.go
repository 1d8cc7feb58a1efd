package stack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Results are the warnings and errors of a backup or restore, as Velero stores
// them.
type Results struct {
	Warnings Messages `json:"warnings"`
	Errors   Messages `json:"errors"`
}

// Messages are grouped by what they are about.
type Messages struct {
	// Velero holds those about Velero itself.
	Velero []string `json:"velero,omitempty"`
	// Cluster holds those about cluster-scoped resources.
	Cluster []string `json:"cluster,omitempty"`
	// Namespaces holds those about resources in a namespace. In a restore it is
	// the namespace restored into.
	Namespaces map[string][]string `json:"namespaces,omitempty"`
}

// Lines returns all messages in a stable order, those of a namespace with its
// name before them.
func (m Messages) Lines() []string {
	lines := slices.Concat(m.Velero, m.Cluster)
	for _, namespace := range sortedKeys(m.Namespaces) {
		for _, message := range m.Namespaces[namespace] {
			lines = append(lines, namespace+": "+message)
		}
	}
	return lines
}

// BackupContents returns the files of a backup's tarball, content by path:
// "resources/configmaps/namespaces/app/settings.json".
func (s *Stack) BackupContents(ctx context.Context, backup string) (map[string][]byte, error) {
	data, err := s.readGzip(ctx, backupKey(backup))
	if err != nil {
		return nil, fmt.Errorf("read backup %q: %w", backup, err)
	}
	files := map[string][]byte{}
	for reader := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read backup %q: %w", backup, err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if files[header.Name], err = io.ReadAll(reader); err != nil {
			return nil, fmt.Errorf("read backup %q: %s: %w", backup, header.Name, err)
		}
	}
}

// AddToBackup writes files into a backup's tarball, content by path as in
// [Stack.BackupContents]: what a backup of a cluster of another time may hold,
// and this one cannot. A file that is there is replaced.
func (s *Stack) AddToBackup(ctx context.Context, backup string, files map[string][]byte) error {
	all, err := s.BackupContents(ctx, backup)
	if err != nil {
		return err
	}
	maps.Copy(all, files)
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for _, name := range sortedKeys(all) {
		header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(all[name])), Mode: 0o644}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("add to backup %q: %s: %w", backup, name, err)
		}
		if _, err := archive.Write(all[name]); err != nil {
			return fmt.Errorf("add to backup %q: %s: %w", backup, name, err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		return fmt.Errorf("add to backup %q: %w", backup, err)
	}
	return s.S3.Put(ctx, backupKey(backup), packed.Bytes())
}

// backupKey is where the tarball of a backup is.
func backupKey(backup string) string { return "backups/" + backup + "/" + backup + ".tar.gz" }

// BackupResults returns a backup's warnings and errors.
func (s *Stack) BackupResults(ctx context.Context, backup string) (Results, error) {
	return s.results(ctx, "backups/"+backup+"/"+backup+"-results.gz")
}

// RestoreResults returns a restore's warnings and errors.
func (s *Stack) RestoreResults(ctx context.Context, restore string) (Results, error) {
	return s.results(ctx, "restores/"+restore+"/restore-"+restore+"-results.gz")
}

// BackupLog returns the log that Velero stored with a backup.
func (s *Stack) BackupLog(ctx context.Context, backup string) ([]byte, error) {
	return s.readGzip(ctx, "backups/"+backup+"/"+backup+"-logs.gz")
}

// RestoreLog returns the log that Velero stored with a restore.
func (s *Stack) RestoreLog(ctx context.Context, restore string) ([]byte, error) {
	return s.readGzip(ctx, "restores/"+restore+"/restore-"+restore+"-logs.gz")
}

func (s *Stack) results(ctx context.Context, key string) (Results, error) {
	var results Results
	data, err := s.readGzip(ctx, key)
	if err != nil {
		return results, err
	}
	if err := json.Unmarshal(data, &results); err != nil {
		return results, fmt.Errorf("decode %s: %w", key, err)
	}
	return results, nil
}

// readGzip fetches and unpacks an object of the bucket.
func (s *Stack) readGzip(ctx context.Context, key string) ([]byte, error) {
	data, err := s.S3.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", key, err)
	}
	plain, err := io.ReadAll(reader)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", key, err)
	}
	return plain, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
