package main

import (
	"context"
	"errors"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
)

// etcdStart bounds the election of the single member, which takes about a
// second.
const etcdStart = time.Minute

// startEtcd runs a single-member etcd on two free loopback ports. The caller
// closes it.
func startEtcd(ctx context.Context, dir string) (*embed.Etcd, error) {
	any := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	cfg := embed.NewConfig()
	cfg.Dir = dir
	cfg.LogLevel = "warn"
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = []url.URL{any}, []url.URL{any}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{any}, []url.URL{any}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	// The data lives as long as the process: syncing it would only cost time.
	cfg.UnsafeNoFsync = true
	// The gateway dials the configured address, whose port is 0.
	cfg.EnableGRPCGateway = false
	// Unset, it is 0 and each request is reported as slow.
	cfg.WarningUnaryRequestDuration = time.Second
	// A member alone needs no patience before it elects itself.
	cfg.TickMs, cfg.ElectionMs = 20, 200

	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, err
	}
	select {
	case <-etcd.Server.ReadyNotify():
		return etcd, nil
	case err = <-etcd.Err():
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(etcdStart):
		err = errors.New("no leader after " + etcdStart.String())
	}
	etcd.Close()
	return nil, err
}
