package plugin

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/fn/runcontext"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Where OpenShift keeps what is to be told.
const (
	configGroup     = "config.openshift.io"
	imageGroup      = "image.openshift.io"
	registryGroup   = "imageregistry.operator.openshift.io"
	securityGroup   = "security.openshift.io"
	sharedNamespace = "openshift"
	// registryCapability is the part of OpenShift that a cluster may be installed
	// without (docs.openshift.com, cluster capabilities).
	registryCapability = "ImageRegistry"
)

// clusterVersion is the part of a ClusterVersion that is read.
type clusterVersion struct {
	Status struct {
		Desired struct {
			Version string `json:"version"`
		} `json:"desired"`
		// History has the newest version first.
		History []struct {
			State   string `json:"state"`
			Version string `json:"version"`
		} `json:"history"`
		Capabilities struct {
			Known   []string `json:"knownCapabilities"`
			Enabled []string `json:"enabledCapabilities"`
		} `json:"capabilities"`
	} `json:"status"`
}

// current returns the version that was last installed completely: in the
// middle of an update, the one before.
func (v *clusterVersion) current() string {
	for _, h := range v.Status.History {
		if h.State == "Completed" {
			return h.Version
		}
	}
	return v.Status.Desired.Version
}

// without reports whether the cluster is known to be installed without a
// capability; what a version does not list, it always has.
func (v *clusterVersion) without(capability string) bool {
	c := v.Status.Capabilities
	return slices.Contains(c.Known, capability) && !slices.Contains(c.Enabled, capability)
}

// clusterVersion returns that of the cluster, nil when it is no OpenShift. It
// asks once.
func (g *gatherer) clusterVersion(ctx context.Context) (*clusterVersion, error) {
	if g.installed != nil {
		return g.installed, nil
	}
	resource, ok, err := g.resource(configGroup, "ClusterVersion")
	if !ok {
		return nil, err
	}
	var v clusterVersion
	if ok, err = g.get(ctx, call{GroupVersionResource: resource, name: "version"}, &v); !ok {
		return nil, err
	}
	g.installed = &v
	return g.installed, nil
}

// registryState returns whether the registry runs.
func (g *gatherer) registryState(ctx context.Context) (runcontext.RegistryStatus, error) {
	v, err := g.clusterVersion(ctx)
	switch {
	case err != nil:
		return "", err
	case v != nil && v.without(registryCapability):
		return runcontext.RegistryDisabled, nil
	}
	resource, ok, err := g.resource(registryGroup, "Config")
	if !ok {
		return "", err
	}
	var config struct {
		Spec struct {
			ManagementState string `json:"managementState"`
		} `json:"spec"`
	}
	_, err = g.get(ctx, call{GroupVersionResource: resource, name: "cluster"}, &config)
	return runcontext.RegistryStatus(config.Spec.ManagementState), err
}

// internalRegistry returns the host of the registry as images name it, empty
// for an OpenShift without one, nil for a cluster that is no OpenShift. It
// looks where openshift-velero-plugin does, and before the configuration of the
// API server at the one of the cluster.
func (g *gatherer) internalRegistry(ctx context.Context) (*string, error) {
	streams, found, err := g.resource(imageGroup, "ImageStream")
	if !found {
		return nil, err
	}
	host := ""
	err = g.list(ctx, call{GroupVersionResource: streams, namespace: sharedNamespace, namespaced: true}, func(s *unstructured.Unstructured) bool {
		repository, _, _ := unstructured.NestedString(s.Object, "status", "dockerImageRepository")
		host, _, _ = strings.Cut(repository, "/")
		return host == ""
	})
	for _, look := range []func(context.Context) (string, error){g.registryOfCluster, g.registryService, g.registryOfServer} {
		if err != nil || host != "" {
			break
		}
		host, err = look(ctx)
	}
	if err != nil {
		return nil, err
	}
	return &host, nil
}

// registryOfCluster looks at what the registry's operator tells the cluster.
func (g *gatherer) registryOfCluster(ctx context.Context) (string, error) {
	images, found, err := g.resource(configGroup, "Image")
	if !found {
		return "", err
	}
	var config struct {
		Status struct {
			Host string `json:"internalRegistryHostname"`
		} `json:"status"`
	}
	_, err = g.get(ctx, call{GroupVersionResource: images, name: "cluster"}, &config)
	return config.Status.Host, err
}

// registryService looks at the Service of OpenShift 3.7 to 3.11, which were
// Kubernetes 1.7 to 1.11.
func (g *gatherer) registryService(ctx context.Context) (string, error) {
	minor, err := strconv.Atoi(strings.TrimRight(g.version.Minor, "+"))
	if err != nil || g.version.Major != "1" || minor < 7 || minor > 11 {
		return "", nil //nolint:nilerr // a version that is no number is none of these
	}
	var service corev1.Service
	found, err := g.get(ctx, call{
		GroupVersionResource: corev1.SchemeGroupVersion.WithResource("services"), namespace: "default", name: "docker-registry", namespaced: true,
	}, &service)
	if !found || len(service.Spec.Ports) == 0 {
		return "", err
	}
	return fmt.Sprintf("%s:%d", service.Spec.ClusterIP, service.Spec.Ports[0].Port), nil
}

// registryOfServer looks at the configuration of OpenShift's API server.
func (g *gatherer) registryOfServer(ctx context.Context) (string, error) {
	var configMap corev1.ConfigMap
	c := call{GroupVersionResource: corev1.SchemeGroupVersion.WithResource("configmaps"), namespace: "openshift-apiserver", name: "config", namespaced: true}
	if found, err := g.get(ctx, c, &configMap); !found {
		return "", err
	}
	var config struct {
		Policy struct {
			Host string `json:"internalRegistryHostname"`
		} `json:"imagePolicyConfig"`
	}
	if err := yaml.Unmarshal([]byte(configMap.Data["config.yaml"]), &config); err != nil {
		return "", fmt.Errorf("decode config.yaml of ConfigMap openshift-apiserver/config: %w", err)
	}
	return config.Policy.Host, nil
}

// constraints returns who may use which SecurityContextConstraints, nil for a
// cluster that is no OpenShift.
func (g *gatherer) constraints(ctx context.Context) (*runcontext.Constraints, error) {
	resource, found, err := g.resource(securityGroup, "SecurityContextConstraints")
	if !found {
		return nil, err
	}
	granted := &runcontext.Constraints{ServiceAccounts: map[string][]string{}, Namespaces: map[string][]string{}}
	err = g.list(ctx, call{GroupVersionResource: resource}, func(scc *unstructured.Unstructured) bool {
		users, _, _ := unstructured.NestedStringSlice(scc.Object, "users")
		groups, _, _ := unstructured.NestedStringSlice(scc.Object, "groups")
		for _, user := range users {
			grantUser(granted, user, scc.GetName())
		}
		for _, group := range groups {
			grantGroup(granted, group, scc.GetName())
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	sortNames(granted)
	return granted, nil
}

// grantUser notes system:serviceaccount:<namespace>:<name>. Without a name it
// is all service accounts of the namespace, as openshift-velero-plugin reads it.
func grantUser(granted *runcontext.Constraints, user, name string) {
	parts := strings.Split(user, ":")
	if len(parts) < 3 || parts[1] != "serviceaccount" {
		return
	}
	switch namespace := parts[2]; len(parts) {
	case 3:
		granted.Namespaces[namespace] = append(granted.Namespaces[namespace], name)
	case 4:
		account := namespace + "/" + parts[3]
		granted.ServiceAccounts[account] = append(granted.ServiceAccounts[account], name)
	}
}

// grantGroup notes the groups that service accounts are in.
func grantGroup(granted *runcontext.Constraints, group, name string) {
	const serviceAccounts = "system:serviceaccounts"
	switch {
	case group == serviceAccounts || group == "system:authenticated":
		granted.All = append(granted.All, name)
	case strings.HasPrefix(group, serviceAccounts+":"):
		namespace := strings.TrimPrefix(group, serviceAccounts+":")
		granted.Namespaces[namespace] = append(granted.Namespaces[namespace], name)
	}
}

// sortNames sorts the names and takes repetitions out.
func sortNames(granted *runcontext.Constraints) {
	tidy := func(names []string) []string {
		slices.Sort(names)
		return slices.Compact(names)
	}
	granted.All = tidy(granted.All)
	for _, byName := range []map[string][]string{granted.ServiceAccounts, granted.Namespaces} {
		for key, names := range byName {
			byName[key] = tidy(names)
		}
	}
}
