// Package setingress is the function set-ingress: it gives Ingresses, Routes
// and Gateways the hosts, and Ingresses the class, of another cluster.
//
// [Config] says which. How hosts are compared is in README.md.
package setingress
