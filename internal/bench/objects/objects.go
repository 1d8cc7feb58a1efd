// Package objects generates the objects that the benchmarks run over. Start
// with [Generate].
package objects

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// seed makes every run measure the same objects.
const seed = 20261122

type object = map[string]any

// Generate returns n objects of about 1.5 KB each, as Velero hands them to a
// plugin: compact JSON, keys sorted. Of ten objects four are Deployments, three
// Secrets, and one each a ConfigMap, a Service and a PersistentVolumeClaim. The
// same n gives the same bytes.
func Generate(n int) [][]byte {
	g := generator{rand.New(rand.NewPCG(seed, seed))}
	kinds := []func(int) object{
		g.deployment, g.secret, g.deployment, g.configMap, g.secret,
		g.deployment, g.service, g.secret, g.deployment, g.claim,
	}
	out := make([][]byte, n)
	for i := range out {
		raw, err := json.Marshal(kinds[i%len(kinds)](i))
		if err != nil {
			panic(err) // maps of strings, numbers and lists always encode
		}
		out[i] = raw
	}
	return out
}

type generator struct{ rnd *rand.Rand }

// hex returns n hexadecimal digits.
func (g generator) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[g.rnd.IntN(len(digits))]
	}
	return string(b)
}

// uid returns something of the form of a UID.
func (g generator) uid() string {
	return fmt.Sprintf("%s-%s-4%s-a%s-%s", g.hex(8), g.hex(4), g.hex(3), g.hex(3), g.hex(12))
}

// base returns what every object has.
func (g generator) base(apiVersion, kind, name string, i int) object {
	return object{
		"apiVersion": apiVersion,
		"kind":       kind,
		"metadata": object{
			"name":              fmt.Sprintf("%s-%05d", name, i),
			"namespace":         fmt.Sprintf("shop-%02d", i%20),
			"uid":               g.uid(),
			"resourceVersion":   fmt.Sprint(100000 + i),
			"creationTimestamp": "2026-03-14T09:26:53Z",
			"labels": object{
				"app.kubernetes.io/name":       name,
				"app.kubernetes.io/instance":   fmt.Sprintf("%s-%05d", name, i),
				"app.kubernetes.io/managed-by": "Helm",
				"team":                         "payments",
			},
			"annotations": object{
				"meta.helm.sh/release-name":      name,
				"meta.helm.sh/release-namespace": fmt.Sprintf("shop-%02d", i%20),
				"example.com/checksum":           "sha256:" + g.hex(64),
			},
		},
	}
}

func (g generator) deployment(i int) object {
	o := g.base("apps/v1", "Deployment", "web", i)
	o["metadata"].(object)["generation"] = 3
	labels := object{"app.kubernetes.io/instance": fmt.Sprintf("web-%05d", i)}
	o["spec"] = object{
		"replicas":             2,
		"revisionHistoryLimit": 10,
		"selector":             object{"matchLabels": labels},
		"strategy":             object{"type": "RollingUpdate", "rollingUpdate": object{"maxSurge": "25%", "maxUnavailable": 1}},
		"template": object{
			"metadata": object{"labels": labels},
			"spec": object{
				"restartPolicy":                 "Always",
				"terminationGracePeriodSeconds": 30,
				"containers":                    []any{g.container(i)},
				"volumes": []any{
					object{"name": "config", "configMap": object{"name": fmt.Sprintf("settings-%05d", i)}},
				},
			},
		},
	}
	o["status"] = object{"observedGeneration": 3, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2}
	return o
}

func (g generator) container(i int) object {
	return object{
		"name":  "web",
		"image": "docker.io/acme/web:1." + fmt.Sprint(i%40) + "@sha256:" + g.hex(64),
		"ports": []any{object{"name": "http", "containerPort": 8080, "protocol": "TCP"}},
		"env": []any{
			object{"name": "LOG_LEVEL", "value": "info"},
			object{"name": "PASSWORD", "valueFrom": object{
				"secretKeyRef": object{"name": fmt.Sprintf("db-%05d", i), "key": "password"},
			}},
		},
		"resources": object{
			"limits":   object{"cpu": "500m", "memory": "256Mi"},
			"requests": object{"cpu": "100m", "memory": "128Mi"},
		},
		"livenessProbe": object{"httpGet": object{"path": "/healthz", "port": "http"}, "periodSeconds": 10},
		"volumeMounts":  []any{object{"name": "config", "mountPath": "/etc/web"}},
	}
}

func (g generator) secret(i int) object {
	o := g.base("v1", "Secret", "db", i)
	o["type"] = "Opaque"
	o["data"] = object{
		"username": g.base64(12), "password": g.base64(24), "tls.key": g.base64(480), "ca.crt": g.base64(120),
	}
	return o
}

func (g generator) base64(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.rnd.Uint32())
	}
	return base64.StdEncoding.EncodeToString(b)
}

func (g generator) configMap(i int) object {
	o := g.base("v1", "ConfigMap", "settings", i)
	doc := ""
	for len(doc) < 780 {
		// No line "---": the original library cuts such an object in two.
		doc += fmt.Sprintf("- name: %s\n  value: \"%s\"\n  enabled: true\n", g.hex(8), g.hex(16))
	}
	o["data"] = object{"settings.yaml": doc, "mode": "on"}
	return o
}

func (g generator) service(i int) object {
	o := g.base("v1", "Service", "web", i)
	o["spec"] = object{
		"type":                  "LoadBalancer",
		"clusterIP":             fmt.Sprintf("10.96.%d.%d", i/250%250, i%250),
		"clusterIPs":            []any{fmt.Sprintf("10.96.%d.%d", i/250%250, i%250)},
		"externalIPs":           []any{"192.0.2.10", "192.0.2.11"},
		"externalTrafficPolicy": "Cluster",
		"ipFamilies":            []any{"IPv4"},
		"ipFamilyPolicy":        "SingleStack",
		"sessionAffinity":       "None",
		"selector":              object{"app.kubernetes.io/instance": fmt.Sprintf("web-%05d", i)},
		"ports": []any{
			object{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http", "nodePort": 30000 + i%2000},
			object{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 8443, "nodePort": 32000 + i%700},
		},
	}
	o["status"] = object{"loadBalancer": object{"ingress": []any{object{"ip": "198.51.100.7"}}}}
	return o
}

func (g generator) claim(i int) object {
	o := g.base("v1", "PersistentVolumeClaim", "data", i)
	meta := o["metadata"].(object)
	meta["finalizers"] = []any{"kubernetes.io/pvc-protection"}
	notes := meta["annotations"].(object)
	notes["pv.kubernetes.io/bind-completed"] = "yes"
	notes["pv.kubernetes.io/bound-by-controller"] = "yes"
	notes["volume.kubernetes.io/storage-provisioner"] = "csi.example.com"
	o["spec"] = object{
		"accessModes":      []any{"ReadWriteOnce"},
		"resources":        object{"requests": object{"storage": "8Gi"}},
		"storageClassName": "fast",
		"volumeMode":       "Filesystem",
		"volumeName":       "pvc-" + g.uid(),
	}
	o["status"] = object{"accessModes": []any{"ReadWriteOnce"}, "capacity": object{"storage": "8Gi"}, "phase": "Bound"}
	return o
}
