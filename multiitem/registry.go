package multiitem

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"sync"

	plugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// Registry holds the multi-item actions of one plugin process. It is safe for
// concurrent use.
type Registry struct {
	log     *slog.Logger
	maxItem int

	mu      sync.Mutex
	entries map[Kind]map[string]*entry
}

// entry is one action, made when it is first called.
type entry struct {
	mu   sync.Mutex
	init func(*slog.Logger) (action, error)
	made action
}

// RegistryOption changes how a [Registry] works.
type RegistryOption func(*Registry)

// WithLogger gives actions a logger, and panics a place to leave their stack.
// The default discards.
func WithLogger(log *slog.Logger) RegistryOption {
	return func(r *Registry) { r.log = log }
}

// WithMaxItem bounds the size of messages that arrive in parts, in bytes.
// Default [MaxItem].
func WithMaxItem(bytes int) RegistryOption {
	return func(r *Registry) { r.maxItem = bytes }
}

// NewRegistry returns an empty registry.
func NewRegistry(opts ...RegistryOption) *Registry {
	r := &Registry{
		log: slog.New(slog.DiscardHandler), maxItem: MaxItem,
		entries: map[Kind]map[string]*entry{KindBackup: {}, KindRestore: {}},
	}
	for _, o := range opts {
		o(r)
	}
	return r
}

// RegisterBackup adds an action for backups. init is called once, before the
// first call of the action; after an error, again before the next. The name is
// "<DNS subdomain>/<name>", as for all of Velero's plugins; an invalid one, and
// one that is taken, is an error.
func (r *Registry) RegisterBackup(name string, init func(*slog.Logger) (BackupMultiItemAction, error)) error {
	return r.register(KindBackup, name, func(log *slog.Logger) (action, error) { return init(log) })
}

// RegisterRestore adds an action for restores. Otherwise as
// [Registry.RegisterBackup]; one name may be used for both kinds.
func (r *Registry) RegisterRestore(name string, init func(*slog.Logger) (RestoreMultiItemAction, error)) error {
	return r.register(KindRestore, name, func(log *slog.Logger) (action, error) { return init(log) })
}

// validName has the form that pkg/plugin/framework/common/server_mux.go of
// Velero asks for.
var validName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/[^/]+$`)

func (r *Registry) register(kind Kind, name string, init func(*slog.Logger) (action, error)) error {
	if !validName.MatchString(name) || len(name) > 317 {
		return fmt.Errorf("register action %q: name is not <DNS subdomain>/<name>", name)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.entries[kind][name]; taken {
		return fmt.Errorf("register action %q: %s of that name exists", name, kind)
	}
	r.entries[kind][name] = &entry{init: init}
	return nil
}

// Names returns the registered names of a kind, sorted, as a plugin lister
// needs them.
func (r *Registry) Names(kind Kind) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.entries[kind]))
}

// get returns an action, which it makes when that has not been done.
func (r *Registry) get(kind Kind, name string) (action, error) {
	r.mu.Lock()
	e, ok := r.entries[kind][name]
	r.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("%w: no %s is named %q", ErrNotFound, kind, name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.made != nil {
		return e.made, nil
	}
	made, err := e.init(r.log.With("action", name))
	if err != nil {
		return nil, fmt.Errorf("initialize action: %w", err)
	}
	e.made = made
	return made, nil
}

// Plugins returns the two kinds for the Plugins of a plugin.ServeConfig, by
// name, to be put next to the kinds that a process serves otherwise. A host
// that does not know them never asks for them.
func (r *Registry) Plugins() map[string]plugin.Plugin {
	plugins := make(map[string]plugin.Plugin, 2)
	for _, kind := range Kinds() {
		plugins[string(kind)] = &grpcPlugin{kind: kind, registry: r}
	}
	return plugins
}

// RegisterServices registers both services with a gRPC server, for one that is
// not served by go-plugin.
func (r *Registry) RegisterServices(s grpc.ServiceRegistrar) {
	multiitemv1.RegisterBackupMultiItemActionServer(s, &server{kind: KindBackup, registry: r})
	multiitemv1.RegisterRestoreMultiItemActionServer(s, &server{kind: KindRestore, registry: r})
}

// HostPlugins returns the two kinds for the Plugins of a plugin.ClientConfig.
// Each dispenses a *[Dispenser].
func HostPlugins() map[string]plugin.Plugin {
	plugins := make(map[string]plugin.Plugin, 2)
	for _, kind := range Kinds() {
		plugins[string(kind)] = &grpcPlugin{kind: kind}
	}
	return plugins
}

// grpcPlugin is one kind for go-plugin, on either side.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	kind     Kind
	registry *Registry // nil on a host
}

var _ plugin.GRPCPlugin = (*grpcPlugin)(nil)

// GRPCServer registers the kind's service.
func (p *grpcPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	if p.registry == nil {
		return errors.New("host side of a plugin cannot be served")
	}
	srv := &server{kind: p.kind, registry: p.registry}
	if p.kind == KindBackup {
		multiitemv1.RegisterBackupMultiItemActionServer(s, srv)
		return nil
	}
	multiitemv1.RegisterRestoreMultiItemActionServer(s, srv)
	return nil
}

// GRPCClient returns a *[Dispenser].
func (p *grpcPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return &Dispenser{kind: p.kind, conn: conn}, nil
}
