package main

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	basecompatibility "k8s.io/component-base/compatibility"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// apiServer is a kube-apiserver with its options parsed and not yet completed.
type apiServer struct {
	dir  string
	port int
	opts *options.ServerRunOptions
}

// newAPIServer parses args: --dir, --port, and every flag of kube-apiserver on
// top of what suits a control plane without controllers.
func newAPIServer(args []string) (*apiServer, error) {
	s := &apiServer{opts: options.NewServerRunOptions()}
	fs := pflag.NewFlagSet("controlplane", pflag.ContinueOnError)
	fs.StringVar(&s.dir, "dir", "", "folder for data, keys and kubeconfig; required")
	fs.IntVar(&s.port, "port", 0, "port on 127.0.0.1; 0 takes a free one")
	for _, set := range s.opts.Flags().FlagSets {
		fs.AddFlagSet(set)
	}
	if err := fs.Parse(append(defaults(), args...)); err != nil {
		return nil, err
	}
	return s, nil
}

// defaults are the flags that come before the caller's, which may override
// them, or add to those that are lists. --authorization-mode is a list, and so
// not here: AlwaysAllow before RBAC would forbid nothing. Without the flag
// kube-apiserver takes AlwaysAllow by itself, which saves the bootstrap of
// roles, a second at every start.
func defaults() []string {
	return []string{
		"--allow-privileged=true",
		"--anonymous-auth=false",
		// ServiceAccount refuses pods until a controller has made the account;
		// StorageObjectInUseProtection sets finalizers that only a controller removes;
		// the rest watch kinds that no test here uses.
		"--disable-admission-plugins=ServiceAccount,StorageObjectInUseProtection,TaintNodesByCondition," +
			"LimitRanger,ResourceQuota,CertificateApproval,CertificateSigning,CertificateSubjectRestriction," +
			"ClusterTrustBundleAttest,PodSecurity,PersistentVolumeClaimResize",
		// Fair queueing only slows a server with one user.
		"--enable-priority-and-fairness=false",
		"--max-requests-inflight=2000",
		"--max-mutating-requests-inflight=2000",
		// The endpoints of the kubernetes service may not be loopback addresses.
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--profiling=false",
		"--etcd-compaction-interval=0",
		"--shutdown-delay-duration=0",
	}
}

// run serves until ctx ends. It writes the kubeconfig when the port is bound.
func (s *apiServer) run(ctx context.Context, etcdURL string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
	if err != nil {
		return err
	}
	keys, err := newKeys(s.dir)
	if err != nil {
		return fmt.Errorf("make keys: %w", err)
	}
	s.configure(listener, keys, etcdURL)
	completed, err := s.complete(ctx)
	if err != nil {
		return err
	}
	if err := keys.writeKubeconfig(s.dir, "https://"+listener.Addr().String()); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return app.Run(ctx, completed)
}

// configure sets what is known only now: addresses and files.
func (s *apiServer) configure(listener net.Listener, keys *keys, etcdURL string) {
	secure := s.opts.SecureServing
	secure.Listener = listener
	secure.BindAddress = net.IPv4(127, 0, 0, 1)
	secure.BindPort = listener.Addr().(*net.TCPAddr).Port
	secure.ServerCert.CertKey.CertFile = keys.certFile
	secure.ServerCert.CertKey.KeyFile = keys.keyFile
	s.opts.GenericServerRunOptions.AdvertiseAddress = secure.BindAddress
	s.opts.Etcd.StorageConfig.Transport.ServerList = []string{etcdURL}
	s.opts.Authentication.TokenFile.TokenFile = keys.tokenFile
	s.opts.Authentication.ServiceAccounts.KeyFiles = []string{keys.keyFile}
	s.opts.ServiceAccountSigningKeyFile = keys.keyFile
}

// complete does what kube-apiserver's own command does between parsing flags
// and running.
func (s *apiServer) complete(ctx context.Context) (options.CompletedOptions, error) {
	registry := s.opts.GenericServerRunOptions.ComponentGlobalsRegistry
	if err := registry.Set(); err != nil {
		return options.CompletedOptions{}, err
	}
	gate := registry.FeatureGateFor(basecompatibility.DefaultKubeComponent)
	if err := logsapi.ValidateAndApply(s.opts.Logs, gate); err != nil {
		return options.CompletedOptions{}, err
	}
	completed, err := s.opts.Complete(ctx)
	if err != nil {
		return options.CompletedOptions{}, err
	}
	return completed, utilerrors.NewAggregate(completed.Validate())
}
