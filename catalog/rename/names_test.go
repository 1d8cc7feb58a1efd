package rename

import "testing"

func TestCheckNames(t *testing.T) {
	tests := map[string]struct {
		reason string
		entry  Rename
		ok     bool
	}{
		"service":          {"", Rename{Kind: "Service", To: "api-dr"}, true},
		"service, capital": {"no label", Rename{Kind: "Service", To: "Api_DR"}, false},
		"service, dots":    {"a subdomain is no label", Rename{Kind: "Service", To: "api.dr"}, false},
		"service, other":   {"a custom resource", Rename{Group: "example.com", Kind: "Service", To: "api.dr"}, true},
		"config map":       {"a subdomain", Rename{Kind: "ConfigMap", To: "kube-root-ca.crt"}, true},
		"underscore":       {"no subdomain", Rename{Kind: "ConfigMap", To: "Pay_settings"}, false},
		"space":            {"no name", Rename{Kind: "ConfigMap", To: "a b"}, false},
		"slash":            {"no name", Rename{Kind: "Role", To: "a/b"}, false},
		"percent":          {"no name", Rename{Kind: "Role", To: "a%b"}, false},
		"dots":             {"no name", Rename{Kind: "Role", To: ".."}, false},
		"role":             {"a path segment", Rename{Kind: "ClusterRole", To: "system:My_role"}, true},
		"role, other":      {"a custom resource is no role of RBAC", Rename{Group: "example.com", Kind: "Role", To: "my:role"}, false},
		"custom":           {"a custom resource", Rename{Kind: "Kafka", To: "Big"}, false},
		"user":             {"of OpenShift", Rename{Kind: "User", To: "kube:admin"}, true},
		"stream":           {"of OpenShift", Rename{Kind: "ImageStream", To: "my_app"}, true},
		"stream, tag":      {"that is a tag", Rename{Kind: "ImageStream", To: "app:1"}, false},
		"tag":              {"of OpenShift", Rename{Kind: "ImageStreamTag", To: "app:1"}, true},
		"driver":           {"capitals are allowed", Rename{Kind: "CSIDriver", To: "Driver.example.com"}, true},
		"empty":            {"no name", Rename{Kind: "ConfigMap"}, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			tc.entry.From = "a"
			if err := tc.entry.checkNames("renames[0]"); (err == nil) != tc.ok {
				t.Errorf("%s: checkNames(%q) = %v, want ok %v", tc.reason, tc.entry.To, err, tc.ok)
			}
		})
	}
}
