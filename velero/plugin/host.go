package plugin

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
	"github.com/velero-krm/velero-krm/pipeline"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/velero-krm/velero-krm/velero/framework"
)

// Name is what both actions are registered under. Among the actions of one
// executable Velero goes by name; see the package's documentation.
const Name = "velero-krm.io/pipeline"

// FunctionsDirEnv names the folder that relative paths of exec and configPath
// in a pipeline are relative to. If it lies in Velero's plugin folder, its files
// are copied out of there and made executable.
const FunctionsDirEnv = "KRM_FN_DIR"

// DefaultFunctionsDir is that folder when [FunctionsDirEnv] is not set.
const DefaultFunctionsDir = "/data/executables"

// The plugin asks a few times per run and should not wait behind client-go's
// default of 5 per second, nor for ever: Velero puts no limit on an action.
const (
	clientQPS     = 50
	clientBurst   = 100
	clientTimeout = 30 * time.Second
)

// Catalog is the functions that a pipeline may name with builtin.
type Catalog struct {
	// Find returns the function of that name.
	Find func(name string) (pipeline.Builtin, bool)
	// Names of all of them, for hints.
	Names []string
}

// Host is the plugin's process. Make it with [NewHost]; its methods New* are
// what Velero's framework registers.
type Host struct {
	version     string
	catalog     Catalog
	kubeconfig  string
	kubecontext string
	namespace   string
	features    []string
	flags       *pflag.FlagSet
	cancel      context.CancelFunc
	ctx         context.Context //nolint:containedctx // the life of the process: Velero's interfaces have no context

	mu      sync.Mutex
	backup  *BackupItemAction
	restore *RestoreItemAction
	engines []*engine
}

// NewHost returns a host that reads those of the server's flags that say which
// cluster and namespace it works in: Velero starts a plugin with its own flags.
// They are parsed when the framework serves.
func NewHost(version string, catalog Catalog, flags *pflag.FlagSet) *Host {
	h := &Host{version: version, catalog: catalog, flags: flags}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	flags.StringVar(&h.kubeconfig, "kubeconfig", "", "Path to the kubeconfig file; default $KUBECONFIG, then the cluster the plugin runs in.")
	flags.StringVar(&h.kubecontext, "kubecontext", "", "The context of the kubeconfig file.")
	flags.StringVarP(&h.namespace, "namespace", "n", "", "Velero's namespace; default $VELERO_NAMESPACE, then velero.")
	flags.StringSliceVar(&h.features, "features", nil, "Features of Velero; of interest is "+velerov1api.APIGroupVersionsFeatureFlag+".")
	return h
}

// NewBackupItemAction is the initializer of the backup action. It returns the
// same one each time: Velero's framework asks without a lock, several times if
// the first calls of a process come at once, as after the process was restarted
// in the middle of a backup.
func (h *Host) NewBackupItemAction(log logrus.FieldLogger) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.backup != nil {
		return h.backup, nil
	}
	e, err := h.newEngine(log)
	if err != nil {
		return nil, err
	}
	h.backup = &BackupItemAction{engine: e}
	return h.backup, nil
}

// NewRestoreItemAction is the initializer of the restore action. It returns the
// same one each time.
func (h *Host) NewRestoreItemAction(log logrus.FieldLogger) (any, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.restore != nil {
		return h.restore, nil
	}
	e, err := h.newEngine(log)
	if err != nil {
		return nil, err
	}
	h.restore = &RestoreItemAction{engine: e}
	return h.restore, nil
}

// Close ends what functions still run and logs what was done. Call it when the
// framework has stopped serving.
func (h *Host) Close() {
	h.cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.engines {
		e.close()
	}
}

// newEngine is called with the lock held.
func (h *Host) newEngine(log logrus.FieldLogger) (*engine, error) {
	cfg, err := h.restConfig()
	if err != nil {
		return nil, fmt.Errorf("find the cluster: %w; set KUBECONFIG or run in a pod with a service account", err)
	}
	kube, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make a client of the cluster: %w", err)
	}
	dyn, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make a client of the cluster: %w", err)
	}
	meta, err := metadata.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("make a client of the cluster: %w", err)
	}
	e := &engine{
		ctx: h.ctx, log: framework.NewLogger(log).With("plugin", Name, "version", h.version),
		cluster:   cluster{kube: kube, dynamic: dyn, metadata: meta},
		namespace: firstOf(h.namespace, os.Getenv("VELERO_NAMESPACE"), velerov1api.DefaultNamespace),
		functions: &functions{dir: firstOf(os.Getenv(FunctionsDirEnv), DefaultFunctionsDir), pluginDir: h.pluginDir()},
		catalog:   h.catalog,
		server:    newServer(),

		allVersions: slices.Contains(h.features, velerov1api.APIGroupVersionsFeatureFlag),
	}
	h.engines = append(h.engines, e)
	return e, nil
}

func (h *Host) restConfig() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = h.kubeconfig
	cfg, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: h.kubecontext}).ClientConfig()
	if err != nil {
		return nil, err
	}
	cfg.QPS, cfg.Burst, cfg.Timeout = clientQPS, clientBurst, clientTimeout
	cfg.UserAgent = "velero-plugin-krm/" + h.version
	return cfg, nil
}

// pluginDir returns the folder the server takes plugins from, which Velero's
// framework binds to a flag.
func (h *Host) pluginDir() string {
	if f := h.flags.Lookup("plugin-dir"); f != nil {
		return f.Value.String()
	}
	return ""
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
