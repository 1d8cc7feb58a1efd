package catalog_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// plugin does to decoded objects what openshift-velero-plugin is known to do,
// action by action in the order of their names, as far as it needs no cluster:
// a second opinion for the tests that run both. It shares no code with the
// functions, and makes the plugin's mistakes. What it looks up in the cluster it
// looks up in the objects it was made with.
type plugin struct {
	cluster    map[krm.Identity]map[string]any
	registry   string
	version    string
	namespaces map[string]string
	labels     map[string]string
	notes      map[string]string
	restore    string
	secrets    map[string]string
	hooks      []map[string]any
}

// newPlugin returns the plugin in the cluster that a run's context tells of.
func newPlugin(run *krm.Item, cluster []*krm.Item) plugin {
	o := run.Object()
	p := plugin{
		cluster:    map[krm.Identity]map[string]any{},
		registry:   text(o, "cluster", "internalRegistry"),
		version:    "1.34",
		restore:    text(o, "restore", "name"),
		namespaces: texts(o, "restore", "spec", "namespaceMapping"),
		labels:     texts(o, "restore", "labels"),
		notes:      texts(o, "restore", "annotations"),
		secrets:    map[string]string{},
		hooks:      elements(mapping(o, "restore", "spec", "hooks")["resources"]),
	}
	for _, item := range cluster {
		p.cluster[item.Identity()] = item.Object()
	}
	for _, list := range mapping(o, "cluster", "pullSecrets") {
		for _, secret := range elements(list) {
			p.secrets[text(secret, "serviceAccount")] = text(secret, "name")
		}
	}
	return p
}

// lookup is a GET; nil when there is none.
func (p plugin) lookup(kind, namespace, name string) map[string]any {
	for id, o := range p.cluster {
		if id.Kind == kind && id.Namespace == namespace && id.Name == name {
			return o
		}
	}
	return nil
}

// imageKinds are what the actions 01 are for.
var imageKinds = []string{
	"Pod", "ImageStream", "ImageStreamTag", "Deployment", "DeploymentConfig", "Job", "CronJob", "StatefulSet",
	"DaemonSet", "ReplicaSet", "ReplicationController", "BuildConfig",
}

// backUp does what the plugin does on backup.
func (p plugin) backUp(o map[string]any) {
	kind, namespace := text(o, "kind"), text(o, "metadata", "namespace")
	if slices.Contains(imageKinds, kind) { // 01-common-backup-plugin
		annotate(o, "openshift.io/backup-server-version", p.version)
		annotate(o, "openshift.io/backup-registry-hostname", p.registry)
	}
	switch kind {
	case "ImageStreamTag":
		p.relate(o, namespace)
	case "Pod": // 07-pod-backup-plugin
		annotate(o, "oadp.openshift.io/includes-dm-dc-fix", "true")
	case "DeploymentConfig":
		p.noteDeploymentConfig(o, namespace)
	case "ReplicationController": // 09-replicationcontroller-backup-plugin
		for _, owner := range owners(o, "DeploymentConfig") {
			if paused, _ := mapping(p.lookup("DeploymentConfig", namespace, owner), "spec")["paused"].(bool); paused {
				annotate(o, "openshift.io/paused-owner-ref", "true")
			}
		}
		// A ReplicaSet's selector has another shape.
		delete(mapping(o, "spec"), "selector")
	case "ConfigMap": // 25-configmap-backup-plugin
		const key = "oadp.openshift.io/skip-buildconfig-configmap-restore"
		name := text(o, "metadata", "name")
		if !strings.HasSuffix(name, "ca") && !strings.HasSuffix(name, "sys-config") {
			return
		}
		for _, owner := range owners(o, "Pod") {
			if texts(p.lookup("Pod", namespace, owner), "metadata", "annotations")["openshift.io/build.name"] != "" && texts(o, "metadata", "annotations")[key] == "" {
				annotate(o, key, "true")
			}
		}
	}
}

// relate is 04-imagestreamtag-backup-plugin.
func (p plugin) relate(o map[string]any, namespace string) {
	from := mapping(o, "tag", "from")
	if from == nil {
		return
	}
	if other := text(from, "namespace"); other != "" {
		namespace = other
	}
	related := ""
	switch text(from, "kind") {
	case "ImageStreamTag":
		if p.lookup("ImageStreamTag", namespace, text(from, "name")) != nil {
			related = text(from, "name")
		}
	case "ImageStreamImage":
		_, digest, _ := strings.Cut(text(from, "name"), "@")
		for id, tag := range p.cluster {
			original := mapping(tag, "tag") == nil || text(tag, "tag", "from", "kind") == "DockerImage"
			if id.Kind == "ImageStreamTag" && id.Namespace == namespace && text(tag, "image", "metadata", "name") == digest && original {
				related = id.Name
			}
		}
	}
	if related != "" {
		annotate(o, "migration.openshift.io/related-istag", related)
		annotate(o, "migration.openshift.io/related-istag-ns", namespace)
	}
}

// noteDeploymentConfig is 08-deploymentconfig-backup-plugin. The example has at
// most one pod for each.
func (p plugin) noteDeploymentConfig(o map[string]any, namespace string) {
	hooks, volumes, labels := "false", "false", ""
	for id, pod := range p.cluster {
		got := texts(pod, "metadata", "labels")
		if id.Kind != "Pod" || id.Namespace != namespace || !includes(got, texts(o, "spec", "selector")) {
			continue
		}
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(got)) {
			pairs = append(pairs, key+"="+got[key])
		}
		labels = strings.Join(pairs, ",")
		if hasData(pod) {
			volumes = "true"
		}
		if asksForHook(pod) {
			hooks = "true"
		}
	}
	annotate(o, "oadp.openshift.io/includes-dm-dc-fix", "true")
	annotate(o, "oadp.openshift.io/has-pod-restore-hooks", hooks)
	annotate(o, "oadp.openshift.io/pods-have-volumes", volumes)
	annotate(o, "oadp.openshift.io/pod-labels", labels)
}

// restoreItem does what the plugin does on restore to an object that Velero has
// stripped; backup is as it is in the backup. It returns false when the object
// is not to be restored.
func (p plugin) restoreItem(o, backup map[string]any) bool {
	kind, group := text(o, "kind"), groupOf(o)
	if slices.Contains(imageKinds, kind) { // 01-common-restore-plugin
		annotate(o, "openshift.io/restore-server-version", p.version)
		annotate(o, "openshift.io/restore-registry-hostname", p.registry)
	}
	switch kind {
	case "ServiceAccount": // 02-serviceaccount-restore-plugin: the last one alone
		for _, field := range []string{"secrets", "imagePullSecrets"} {
			dropLast(o, field, text(o, "metadata", "name")+"-dockercfg-")
		}
	case "PersistentVolume", "PersistentVolumeClaim":
		return p.volume(o, kind)
	case "ImageStreamTag":
		return p.imageTag(o)
	case "Route": // 05-route-restore-plugin
		if texts(o, "metadata", "annotations")["openshift.io/host.generated"] == "true" {
			delete(mapping(o, "spec"), "host")
		}
	case "Build", "ImageTag", "NonAdminBackup", "NonAdminRestore", "NonAdminBackupStorageLocation": // 06, 23, 26
		return false
	case "Service": // 15-service-restore-plugin
		if text(o, "spec", "type") == "LoadBalancer" {
			delete(mapping(o, "spec"), "externalIPs")
		}
	case "BuildConfig":
		p.buildConfig(o)
	case "Secret": // 18-secret-restore-plugin: the old annotation alone
		return texts(o, "metadata", "annotations")["service.alpha.openshift.io/originating-service-name"] == ""
	case "SecurityContextConstraints": // 20-SCC-restore-plugin: users alone
		p.mapAccounts(o, "users", "serviceaccount")
	case "RoleBinding", "ClusterRoleBinding":
		return p.binding(o, group)
	case "HorizontalPodAutoscaler": // 24-horizontalpodautoscaler-restore-plugin
		if ref := mapping(o, "spec", "scaleTargetRef"); text(ref, "apiVersion") == "v1" && text(ref, "kind") == "DeploymentConfig" {
			ref["apiVersion"] = "apps.openshift.io/v1"
			delete(mapping(o, "spec"), "behavior") // v2beta1 has none
		}
	case "ConfigMap": // 25-configmap-restore-plugin
		return texts(o, "metadata", "annotations")["oadp.openshift.io/skip-buildconfig-configmap-restore"] != "true"
	default:
		return p.workload(o, backup, kind)
	}
	return true
}

// volume is 03-pv-restore-plugin and 04-pvc-restore-plugin.
func (p plugin) volume(o map[string]any, kind string) bool {
	claim, notes := kind == "PersistentVolumeClaim", texts(o, "metadata", "annotations")
	if schedule := p.notes["oadp.openshift.io/reclaim-space-schedule"]; claim && schedule != "" {
		annotate(o, "reclaimspace.csiaddons.openshift.io/schedule", schedule)
	}
	if p.labels["app.kubernetes.io/part-of"] != "openshift-migration" {
		return true
	}
	if claim {
		delete(mapping(o, "metadata", "annotations"), "volume.kubernetes.io/selected-node")
	}
	if notes["openshift.io/migrate-type"] != "copy" {
		return true
	}
	if p.notes["migration.openshift.io/migmigration-type"] == "stage" && p.labels["migration-stage-restore"] != "" &&
		notes["migration.openshift.io/copy-method"] == "snapshot" {
		return false
	}
	class := notes["openshift.io/target-storage-class"]
	spec := mapping(o, "spec")
	spec["storageClassName"] = class
	if notes["volume.beta.kubernetes.io/storage-class"] != "" {
		annotate(o, "volume.beta.kubernetes.io/storage-class", class)
	}
	if claim {
		delete(spec, "selector")
		if mode := notes["openshift.io/target-access-mode"]; mode != "" {
			spec["accessModes"] = []any{mode}
		}
	}
	return true
}

// imageTag is 04-imagestreamtag-restore-plugin.
func (p plugin) imageTag(o map[string]any) bool {
	registry := texts(o, "metadata", "annotations")["openshift.io/backup-registry-hostname"]
	local := registry != "" && strings.HasPrefix(text(o, "image", "dockerImageReference"), registry+"/")
	from := mapping(o, "tag", "from")
	reference := from != nil
	if reference {
		delete(mapping(o, "tag"), "annotations")
		namespace := text(from, "namespace")
		if text(from, "kind") == "ImageStreamImage" && (namespace == "" || namespace == text(o, "metadata", "namespace")) {
			reference = false
		}
		if to := p.namespaces[namespace]; to != "" {
			from["namespace"] = to
		}
	}
	return reference || !local
}

// buildConfig is 17-buildconfig-restore-plugin: source images stay.
func (p plugin) buildConfig(o map[string]any) {
	for _, at := range []struct {
		holder      map[string]any
		from, names string
	}{
		{mapping(o, "spec", "strategy", "sourceStrategy"), "from", "pullSecret"},
		{mapping(o, "spec", "strategy", "dockerStrategy"), "from", "pullSecret"},
		{mapping(o, "spec", "strategy", "customStrategy"), "from", "pullSecret"},
		{mapping(o, "spec", "output"), "to", "pushSecret"},
	} {
		if from := mapping(at.holder, at.from); text(from, "kind") == "DockerImage" {
			p.swap(o, from, "name")
		}
		p.secret(mapping(at.holder, at.names))
	}
}

// secret is what names a pull secret in pods and builds.
func (p plugin) secret(ref map[string]any) {
	for _, account := range []string{"builder", "default", "deployer"} {
		if strings.HasPrefix(text(ref, "name"), account+"-dockercfg-") {
			ref["name"] = p.secrets[account]
		}
	}
}

// binding is 21-role-bindings-restore-plugin, 22-cluster-role-bindings- and
// 27-rbac-role-bindings-restore-plugin.
func (p plugin) binding(o map[string]any, group string) bool {
	if slices.Contains([]string{"system:image-pullers", "system:image-builders", "system:deployers"}, text(o, "metadata", "name")) {
		return false
	}
	if group != "authorization.openshift.io" {
		return true
	}
	named := append(elements(o["subjects"]), mapping(o, "roleRef"))
	for _, n := range named {
		if to := p.namespaces[text(n, "namespace")]; to != "" {
			n["namespace"] = to
		}
		n["name"] = p.mapAccount(text(n, "name"), "serviceaccounts")
	}
	p.mapAccounts(o, "userNames", "serviceaccount")
	p.mapAccounts(o, "groupNames", "serviceaccounts")
	return true
}

func (p plugin) mapAccounts(o map[string]any, field, what string) {
	list, _ := o[field].([]any)
	for i, name := range list {
		list[i] = p.mapAccount(name.(string), what)
	}
}

func (p plugin) mapAccount(name, what string) string {
	parts := strings.Split(name, ":")
	if len(parts) > 2 && parts[1] == what && p.namespaces[parts[2]] != "" {
		parts[2] = p.namespaces[parts[2]]
	}
	return strings.Join(parts, ":")
}
