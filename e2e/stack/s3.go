package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// portTries bounds how often another port is tried: the S3 server takes no
// listener and cannot say which port it chose, so a free one may be gone when
// it comes to bind.
const portTries = 5

// S3 is a running S3 server with one bucket. Its methods may be called
// concurrently.
type S3 struct {
	// Endpoint is its URL; buckets are addressed by path.
	Endpoint string
	// Bucket exists.
	Bucket string
	// Region is what clients must sign for.
	Region string
	// AccessKey and SecretKey are made anew for each server.
	AccessKey, SecretKey string

	client  *s3.Client
	process *process
	remove  func() error
}

// StartS3 starts an S3 server with an empty bucket and returns when it answers.
// The caller stops it.
//
// # Errors
//
// [*MissingProgramError], [*ProcessError].
func StartS3(ctx context.Context, cfg Config) (*S3, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	program, err := cfg.program("versitygw")
	if err != nil {
		return nil, err
	}
	remove, err := cfg.workspace()
	if err != nil {
		return nil, err
	}
	s := &S3{
		Bucket: "velero", Region: "us-east-1",
		AccessKey: rand.Text(), SecretKey: rand.Text(), remove: remove,
	}
	for range portTries {
		if err = s.start(ctx, cfg, program); err == nil {
			cfg.Logger.Info("S3 server is ready", "endpoint", s.Endpoint, "bucket", s.Bucket)
			return s, nil
		}
		if !errors.As(err, new(fatal)) { // it runs and does not answer: a port will not help
			break
		}
	}
	return nil, err
}

// start runs the server on a port that is free now.
func (s *S3) start(ctx context.Context, cfg Config, program string) error {
	address, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	data, meta := filepath.Join(cfg.Dir, "s3", "data"), filepath.Join(cfg.Dir, "s3", "meta")
	// The posix backend takes each folder for a bucket.
	if err := errors.Join(os.MkdirAll(filepath.Join(data, s.Bucket), 0o700), os.MkdirAll(meta, 0o700)); err != nil {
		return err
	}
	s.process, err = startProcess(command{
		name: "versitygw", path: program, dir: cfg.Dir,
		// Metadata beside the data: not every file system has extended attributes.
		args: []string{"--port", address, "--region", s.Region, "--quiet", "posix", "--sidecar", meta, data},
		env:  []string{"PATH=" + os.Getenv("PATH"), "ROOT_ACCESS_KEY_ID=" + s.AccessKey, "ROOT_SECRET_ACCESS_KEY=" + s.SecretKey},
	})
	if err != nil {
		return err
	}
	s.Endpoint = "http://" + address
	s.client = s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint), UsePathStyle: true, Region: s.Region,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
		// waitReady and the callers decide how long to try.
		RetryMaxAttempts: 1,
	})
	err = s.process.waitReady(ctx, cfg.StartTimeout, func(ctx context.Context) (bool, error) {
		// With our own keys: on a port that was taken meanwhile another stack's
		// server may answer.
		_, err := s.List(ctx, "")
		return err == nil, err
	})
	if err != nil {
		s.process.stop(0)
	}
	return err
}

// Stop ends the server and removes its data, unless it lies in a folder that
// the caller named. Safe to call more than once.
func (s *S3) Stop() error {
	s.process.stop(0)
	return s.remove()
}

// List returns the keys that begin with prefix, sorted.
func (s *S3) List(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list objects of %q: %w", prefix, err)
		}
		for _, object := range page.Contents {
			keys = append(keys, aws.ToString(object.Key))
		}
	}
	return keys, nil
}

// Get returns an object's content.
//
// # Errors
//
// [fs.ErrNotExist] when there is none of that key.
func (s *S3) Get(ctx context.Context, key string) ([]byte, error) {
	object, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.Bucket, Key: &key})
	if missing := (*s3types.NoSuchKey)(nil); errors.As(err, &missing) {
		return nil, fmt.Errorf("get object %q: %w", key, os.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("get object %q: %w", key, err)
	}
	defer func() { _ = object.Body.Close() }()
	data, err := io.ReadAll(object.Body)
	if err != nil {
		return nil, fmt.Errorf("get object %q: %w", key, err)
	}
	return data, nil
}

// Put writes an object's content.
func (s *S3) Put(ctx context.Context, key string, content []byte) error {
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.Bucket, Key: &key, Body: bytes.NewReader(content)})
	if err != nil {
		return fmt.Errorf("put object %q: %w", key, err)
	}
	return nil
}

// freeAddress returns a loopback address whose port nobody listens on now.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
