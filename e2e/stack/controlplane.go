package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The stack's own clients are never the slow part.
const (
	clientQPS   = 500
	clientBurst = 1000
)

// ControlPlane is a running etcd and kube-apiserver. Its methods may be called
// concurrently.
type ControlPlane struct {
	// Kubeconfig is the path of a file that gives full rights.
	Kubeconfig string
	// Config is the same for client-go.
	Config *rest.Config
	// Client reads and writes the API server without a cache. Its scheme knows
	// Kubernetes' own types, CustomResourceDefinition and Velero's v1; use
	// unstructured.Unstructured for others.
	Client client.Client

	process *process
	remove  func() error
}

// StartControlPlane starts etcd and kube-apiserver and returns when the API
// server is ready. The caller stops it.
//
// # Errors
//
// [*MissingProgramError], [*ProcessError].
func StartControlPlane(ctx context.Context, cfg Config) (*ControlPlane, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	program, err := cfg.program("controlplane")
	if err != nil {
		return nil, err
	}
	remove, err := cfg.workspace()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(cfg.Dir, "controlplane")
	p, err := startProcess(command{
		name: "controlplane", path: program, dir: cfg.Dir, args: []string{"--dir", data},
		env: []string{"PATH=" + os.Getenv("PATH")},
	})
	if err != nil {
		return nil, errors.Join(err, remove())
	}
	c := &ControlPlane{Kubeconfig: filepath.Join(data, "kubeconfig"), process: p, remove: remove}
	if err := p.waitReady(ctx, cfg.StartTimeout, c.ready); err != nil {
		p.stop(0)
		return nil, err
	}
	if err := c.connect(); err != nil {
		return nil, errors.Join(fmt.Errorf("make a client: %w", err), c.Stop())
	}
	cfg.Logger.Info("control plane is ready", "kubeconfig", c.Kubeconfig)
	return c, nil
}

// Stop ends both and removes their data, unless it lies in a folder that the
// caller named. Safe to call more than once.
func (c *ControlPlane) Stop() error {
	c.process.stop(0)
	return c.remove()
}

// ready reports whether the kubeconfig is there and the server says it is ready.
func (c *ControlPlane) ready(ctx context.Context) (bool, error) {
	if _, err := os.Stat(c.Kubeconfig); errors.Is(err, fs.ErrNotExist) {
		return false, errors.New("no kubeconfig yet")
	}
	if c.Config == nil {
		cfg, err := clientcmd.BuildConfigFromFlags("", c.Kubeconfig)
		if err != nil {
			return false, err
		}
		cfg.QPS, cfg.Burst = clientQPS, clientBurst
		cfg.WarningHandler = rest.NoWarnings{} // they go to the log of the program, which is not ours
		c.Config = cfg
	}
	http, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		return false, err
	}
	return answersOK(ctx, http, c.Config.Host+"/readyz")
}

// connect makes the client, which asks the server what it has.
func (c *ControlPlane) connect() error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, velerov1api.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	var err error
	c.Client, err = client.New(c.Config, client.Options{Scheme: scheme})
	return err
}

// answersOK reports whether a GET is answered with 200.
func answersOK(ctx context.Context, client *http.Client, url string) (bool, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, fatal{err}
	}
	resp, err := client.Do(req)
	if err != nil {
		return false, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return false, fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return true, nil
}
