package framework

import (
	"context"
	"errors"

	plugin "github.com/hashicorp/go-plugin"
	velero "github.com/vmware-tanzu/velero/pkg/plugin/framework"
	proto "github.com/vmware-tanzu/velero/pkg/plugin/generated"
	"google.golang.org/grpc"
)

// lister is Velero's kind PluginLister. Velero's own server side of it refuses to
// list kinds that the Velero it was compiled from does not know.
type lister struct {
	plugin.NetRPCUnsupportedPlugin
	proto.UnimplementedPluginListerServer
	plugins []velero.PluginIdentifier
}

var (
	_ plugin.GRPCPlugin        = (*lister)(nil)
	_ proto.PluginListerServer = (*lister)(nil)
)

// GRPCServer registers the service.
func (l *lister) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	proto.RegisterPluginListerServer(s, l)
	return nil
}

// GRPCClient returns an error: this is the plugin's side.
func (l *lister) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("plugin's side of the lister cannot be dispensed")
}

// ListPlugins tells the server what it may ask this process for.
func (l *lister) ListPlugins(context.Context, *proto.Empty) (*proto.ListPluginsResponse, error) {
	resp := &proto.ListPluginsResponse{Plugins: make([]*proto.PluginIdentifier, len(l.plugins))}
	for i, id := range l.plugins {
		resp.Plugins[i] = &proto.PluginIdentifier{Command: id.Command, Kind: id.Kind.String(), Name: id.Name}
	}
	return resp, nil
}
