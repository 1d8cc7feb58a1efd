package framework

import (
	"log/slog"
	"maps"
	"os"
	"slices"

	plugin "github.com/hashicorp/go-plugin"
	"github.com/sirupsen/logrus"
	"github.com/spf13/pflag"
	"github.com/velero-krm/velero-krm/multiitem"
	"github.com/vmware-tanzu/velero/pkg/cmd/server/config"
	velero "github.com/vmware-tanzu/velero/pkg/plugin/framework"
	biav2 "github.com/vmware-tanzu/velero/pkg/plugin/framework/backupitemaction/v2"
	"github.com/vmware-tanzu/velero/pkg/plugin/framework/common"
	ibav1 "github.com/vmware-tanzu/velero/pkg/plugin/framework/itemblockaction/v1"
	riav2 "github.com/vmware-tanzu/velero/pkg/plugin/framework/restoreitemaction/v2"
)

// BackupMultiItemInitializer makes an action for backups. It is called once,
// before the first call of the action; after an error, again before the next.
type BackupMultiItemInitializer func(log logrus.FieldLogger) (multiitem.BackupMultiItemAction, error)

// RestoreMultiItemInitializer makes an action for restores, when
// [BackupMultiItemInitializer] does.
type RestoreMultiItemInitializer func(log logrus.FieldLogger) (multiitem.RestoreMultiItemAction, error)

// Server serves registered plugins: those of Velero's own Server (v1.18.3) and
// multi-item actions. A name is "<DNS subdomain>/<name>" and unique in its kind;
// one that is not is told in the log as an error and is not registered, as
// Velero does it. One name may stand in several kinds. Register and serve from one
// goroutine.
type Server interface {
	// BindFlags defines the flags that the Velero server hands on to its
	// plugins; flags that are not defined are passed over. Call it before Serve.
	BindFlags(flags *pflag.FlagSet) Server
	// GetConfig returns what the flags say.
	GetConfig() *config.Config

	// RegisterBackupItemAction registers a backup item action, version 1.
	RegisterBackupItemAction(name string, initializer common.HandlerInitializer) Server
	// RegisterBackupItemActions registers several.
	RegisterBackupItemActions(initializers map[string]common.HandlerInitializer) Server
	// RegisterBackupItemActionV2 registers a backup item action, version 2.
	RegisterBackupItemActionV2(name string, initializer common.HandlerInitializer) Server
	// RegisterBackupItemActionsV2 registers several.
	RegisterBackupItemActionsV2(initializers map[string]common.HandlerInitializer) Server
	// RegisterVolumeSnapshotter registers a volume snapshotter.
	RegisterVolumeSnapshotter(name string, initializer common.HandlerInitializer) Server
	// RegisterVolumeSnapshotters registers several.
	RegisterVolumeSnapshotters(initializers map[string]common.HandlerInitializer) Server
	// RegisterObjectStore registers an object store.
	RegisterObjectStore(name string, initializer common.HandlerInitializer) Server
	// RegisterObjectStores registers several.
	RegisterObjectStores(initializers map[string]common.HandlerInitializer) Server
	// RegisterRestoreItemAction registers a restore item action, version 1.
	RegisterRestoreItemAction(name string, initializer common.HandlerInitializer) Server
	// RegisterRestoreItemActions registers several.
	RegisterRestoreItemActions(initializers map[string]common.HandlerInitializer) Server
	// RegisterRestoreItemActionV2 registers a restore item action, version 2.
	RegisterRestoreItemActionV2(name string, initializer common.HandlerInitializer) Server
	// RegisterRestoreItemActionsV2 registers several.
	RegisterRestoreItemActionsV2(initializers map[string]common.HandlerInitializer) Server
	// RegisterDeleteItemAction registers a delete item action.
	RegisterDeleteItemAction(name string, initializer common.HandlerInitializer) Server
	// RegisterDeleteItemActions registers several.
	RegisterDeleteItemActions(initializers map[string]common.HandlerInitializer) Server
	// RegisterItemBlockAction registers an item block action.
	RegisterItemBlockAction(name string, initializer common.HandlerInitializer) Server
	// RegisterItemBlockActions registers several.
	RegisterItemBlockActions(initializers map[string]common.HandlerInitializer) Server

	// RegisterBackupMultiItemAction registers a multi-item action for backups.
	RegisterBackupMultiItemAction(name string, initializer BackupMultiItemInitializer) Server
	// RegisterBackupMultiItemActions registers several.
	RegisterBackupMultiItemActions(initializers map[string]BackupMultiItemInitializer) Server
	// RegisterRestoreMultiItemAction registers a multi-item action for restores.
	RegisterRestoreMultiItemAction(name string, initializer RestoreMultiItemInitializer) Server
	// RegisterRestoreMultiItemActions registers several.
	RegisterRestoreMultiItemActions(initializers map[string]RestoreMultiItemInitializer) Server

	// Serve parses the command line unless that is done, and serves until the
	// Velero server ends the process's work. It lists multi-item actions only to
	// a server that knows them: [multiitem.HostKinds].
	Serve()
}

// kind is one of Velero's plugin kinds.
type kind interface {
	velero.Interface
	Register(name string, initializer common.HandlerInitializer)
}

type server struct {
	config *config.Config
	log    *logrus.Logger
	flags  *pflag.FlagSet
	// kinds are Velero's own.
	kinds map[common.PluginKind]kind
	// multi holds the multi-item actions.
	multi *multiitem.Registry
}

var _ Server = (*server)(nil)

// NewServer returns a server without plugins.
func NewServer() Server {
	log := newServerLogger()
	logger := func() common.PluginOption { return common.ServerLogger(log) }
	return &server{
		config: config.GetDefaultConfig(),
		log:    log,
		kinds: map[common.PluginKind]kind{
			common.PluginKindBackupItemAction:    velero.NewBackupItemActionPlugin(logger()),
			common.PluginKindBackupItemActionV2:  biav2.NewBackupItemActionPlugin(logger()),
			common.PluginKindVolumeSnapshotter:   velero.NewVolumeSnapshotterPlugin(logger()),
			common.PluginKindObjectStore:         velero.NewObjectStorePlugin(logger()),
			common.PluginKindRestoreItemAction:   velero.NewRestoreItemActionPlugin(logger()),
			common.PluginKindRestoreItemActionV2: riav2.NewRestoreItemActionPlugin(logger()),
			common.PluginKindDeleteItemAction:    velero.NewDeleteItemActionPlugin(logger()),
			common.PluginKindItemBlockAction:     ibav1.NewItemBlockActionPlugin(logger()),
		},
		multi: multiitem.NewRegistry(multiitem.WithLogger(NewLogger(log))),
	}
}

func (s *server) BindFlags(flags *pflag.FlagSet) Server {
	s.flags = flags
	s.config.BindFlags(flags)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	return s
}

func (s *server) GetConfig() *config.Config { return s.config }

// register registers plugins of one kind of Velero's.
func (s *server) register(k common.PluginKind, initializers map[string]common.HandlerInitializer) Server {
	for _, name := range slices.Sorted(maps.Keys(initializers)) {
		s.kinds[k].Register(name, initializers[name])
	}
	return s
}

// registerMulti tells of a name that is not taken, as Velero does.
func (s *server) registerMulti(name string, err error) Server {
	if err != nil {
		s.log.Errorf("invalid plugin name %q: %s", name, err)
	}
	return s
}

func (s *server) RegisterBackupMultiItemAction(name string, initializer BackupMultiItemInitializer) Server {
	return s.registerMulti(name, s.multi.RegisterBackup(name, func(*slog.Logger) (multiitem.BackupMultiItemAction, error) {
		return initializer(s.log)
	}))
}

func (s *server) RegisterBackupMultiItemActions(initializers map[string]BackupMultiItemInitializer) Server {
	for _, name := range slices.Sorted(maps.Keys(initializers)) {
		s.RegisterBackupMultiItemAction(name, initializers[name])
	}
	return s
}

func (s *server) RegisterRestoreMultiItemAction(name string, initializer RestoreMultiItemInitializer) Server {
	return s.registerMulti(name, s.multi.RegisterRestore(name, func(*slog.Logger) (multiitem.RestoreMultiItemAction, error) {
		return initializer(s.log)
	}))
}

func (s *server) RegisterRestoreMultiItemActions(initializers map[string]RestoreMultiItemInitializer) Server {
	for _, name := range slices.Sorted(maps.Keys(initializers)) {
		s.RegisterRestoreMultiItemAction(name, initializers[name])
	}
	return s
}

// Serve is called by main, which ends when it returns.
func (s *server) Serve() {
	if s.flags != nil && !s.flags.Parsed() {
		if err := s.flags.Parse(os.Args[1:]); err != nil {
			s.log.Errorf("fail to parse the flags: %s", err)
			return
		}
	}
	s.log.Level = s.config.LogLevel.Parse()
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: velero.Handshake(),
		Plugins:         s.plugins(),
		GRPCServer:      plugin.DefaultGRPCServer,
	})
}

// plugins are all kinds and the lister.
func (s *server) plugins() map[string]plugin.Plugin {
	plugins := s.multi.Plugins()
	for k, p := range s.kinds {
		plugins[k.String()] = p
	}
	plugins[common.PluginKindPluginLister.String()] = &lister{plugins: s.list(os.Args[0], multiitem.HostKinds())}
	return plugins
}

// list returns what is registered, by kind and name; of the multi-item kinds
// those that the host knows.
func (s *server) list(command string, hostKinds []multiitem.Kind) []velero.PluginIdentifier {
	var ids []velero.PluginIdentifier
	add := func(k common.PluginKind, names []string) {
		for _, name := range names {
			ids = append(ids, velero.PluginIdentifier{Command: command, Kind: k, Name: name})
		}
	}
	for _, k := range slices.Sorted(maps.Keys(s.kinds)) {
		add(k, s.kinds[k].Names())
	}
	for _, k := range hostKinds {
		add(common.PluginKind(k), s.multi.Names(k))
	}
	return ids
}
