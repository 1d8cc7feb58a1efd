package framework

import "github.com/vmware-tanzu/velero/pkg/plugin/framework/common"

// The kinds of Velero's own Server, each registered as Velero does it.

func (s *server) RegisterBackupItemAction(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterBackupItemActions(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterBackupItemActions(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindBackupItemAction, initializers)
}

func (s *server) RegisterBackupItemActionV2(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterBackupItemActionsV2(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterBackupItemActionsV2(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindBackupItemActionV2, initializers)
}

func (s *server) RegisterVolumeSnapshotter(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterVolumeSnapshotters(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterVolumeSnapshotters(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindVolumeSnapshotter, initializers)
}

func (s *server) RegisterObjectStore(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterObjectStores(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterObjectStores(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindObjectStore, initializers)
}

func (s *server) RegisterRestoreItemAction(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterRestoreItemActions(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterRestoreItemActions(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindRestoreItemAction, initializers)
}

func (s *server) RegisterRestoreItemActionV2(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterRestoreItemActionsV2(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterRestoreItemActionsV2(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindRestoreItemActionV2, initializers)
}

func (s *server) RegisterDeleteItemAction(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterDeleteItemActions(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterDeleteItemActions(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindDeleteItemAction, initializers)
}

func (s *server) RegisterItemBlockAction(name string, initializer common.HandlerInitializer) Server {
	return s.RegisterItemBlockActions(map[string]common.HandlerInitializer{name: initializer})
}

func (s *server) RegisterItemBlockActions(initializers map[string]common.HandlerInitializer) Server {
	return s.register(common.PluginKindItemBlockAction, initializers)
}
