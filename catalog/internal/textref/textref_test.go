package textref_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/catalog/internal/textref"
)

// found is a Ref in words.
type found struct {
	form            textref.Form
	certain         bool
	namespace, name string
}

func all(text string) []found {
	var list []found
	for ref := range textref.All(text) {
		list = append(list, found{ref.Form, ref.Certain, ref.Namespace.Of(text), ref.Name.Of(text)})
	}
	return list
}

func TestAll(t *testing.T) {
	const service, domain, user, group, identity = textref.Service, textref.Domain, textref.User, textref.Group, textref.Identity
	tests := map[string]struct {
		in     string
		want   []found
		reason string
	}{
		"service":            {"http://web.shop.svc:80/x", []found{{service, true, "shop", "web"}}, "nothing else is called so"},
		"in its domain":      {"web.shop.svc.cluster.local", []found{{service, true, "shop", "web"}}, "the domain of most clusters"},
		"root":               {"web.shop.svc. web.shop.svc.cluster.local.", []found{{service, true, "shop", "web"}, {service, true, "shop", "web"}}, "a DNS name may end in a dot, a sentence does"},
		"domain put in":      {"web.shop.svc.$(DOMAIN)", []found{{service, true, "shop", "web"}}, "a chart puts in the domain of the cluster"},
		"outside":            {"https://web.shop.svc.example.com/", []found{{service, false, "shop", "web"}}, "a host of somebody else"},
		"outside, alike":     {"web.shop.svc.cluster.local.example.com web.shop.svc.cluster.locals", []found{{service, false, "shop", "web"}, {service, false, "shop", "web"}}, "it goes on"},
		"outside, upper":     {"web.shop.svc.DOMAIN", []found{{service, false, "shop", "web"}}, "hosts may have upper case"},
		"of a pod":           {"web-0.web.shop.svc", []found{{service, true, "shop", "web"}}, "the Service is the label before"},
		"all of a namespace": {"*.shop.svc,.db.svc,$(X).eu.svc", []found{{service, true, "shop", ""}, {service, true, "db", ""}, {service, true, "eu", ""}}, "no Service is named"},
		"upper case":         {"WEB.shop.svc webX.shop.svc Xweb.shop.svc", []found{{service, false, "shop", ""}, {service, false, "shop", ""}, {service, true, "shop", ""}}, "no name has it"},
		"wrong dashes":       {"-web.shop.svc web-.shop.svc web.-.svc web.-a.svc", []found{{service, true, "shop", ""}, {service, false, "shop", ""}}, "no name begins or ends so"},
		"empty label":        {"web..shop.svc", []found{{service, false, "shop", ""}}, "no host name"},
		"bare":               {"shop.svc //shop.svc.cluster.local shop.svc.example.com", []found{{domain, true, "shop", ""}, {domain, true, "shop", ""}, {domain, false, "shop", ""}}, "a resolver's"},
		"other domain":       {"web.shop.svcs web.shop.svc-x web.shop.svc_x", nil, "a name goes on"},
		"no spaces":          {"见web.shop.svc。", []found{{service, true, "shop", "web"}}, "scripts without spaces"},
		"user":               {"system:serviceaccount:shop:web.a.", []found{{user, true, "shop", "web.a"}}, "names of accounts may have dots"},
		"user, no name":      {"system:serviceaccount:shop system:serviceaccount:db: system:serviceaccount:a:X system:serviceaccount:a:b_", []found{{user, true, "shop", ""}, {user, true, "db", ""}, {user, true, "a", ""}, {user, true, "a", ""}}, "the namespace is plain all the same"},
		"user in a word":     {"ecosystem:serviceaccount:shop:web", []found{{user, false, "shop", "web"}}, "something else by a like name"},
		"longer namespace":   {"system:serviceaccount:shop_x:web system:serviceaccount:Shop:x", nil, "no namespace"},
		"group":              {"system:serviceaccounts:shop", []found{{group, true, "shop", ""}}, "all accounts of it"},
		"group in a word":    {"xsystem:serviceaccounts:shop", []found{{group, false, "shop", ""}}, "something else by a like name"},
		"identity":           {"cluster.local/ns/shop/sa/app", []found{{identity, true, "shop", "app"}}, "Istio's principals"},
		"identity in a URI":  {"spiffe://cluster.local/ns/shop/sa/app,*/ns/db/sa/*", []found{{identity, true, "shop", "app"}, {identity, true, "db", ""}}, "and SPIFFE's"},
		"identity alone":     {"ns/shop/sa/app", []found{{identity, true, "shop", "app"}}, "a text may begin with it"},
		"pattern":            {"cluster.local/ns/shop/* cluster.local/ns/shop*", []found{{identity, false, "shop", ""}, {identity, false, "shop", ""}}, "may be a path"},
		"path":               {"/dns/shop/sa/x /x.ns/shop/sa/x jobs-ns/shop/sa/x NS/shop/sa/x", nil, "ns is the end of something else"},
		"both":               {"system:serviceaccount:a:b.c.svc", []found{{user, true, "a", "b.c.svc"}, {service, true, "c", "b"}}, "it may be both"},
		"nothing":            {"shop web.shop shop/web", nil, "no form"},
	}
	for name, tc := range tests {
		if diff := cmp.Diff(tc.want, all(tc.in), cmp.AllowUnexported(found{})); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", name, tc.reason, diff)
		}
	}
}

func TestUserOfAny(t *testing.T) {
	for text, want := range map[string]bool{
		"foo:serviceaccount:shop:x":                               true,
		":serviceaccounts:shop":                                   true,
		"system:serviceaccount:shop":                              true,
		"a:b:serviceaccount:shop:x":                               false,
		"serviceaccount:shop:x":                                   false,
		"foo:serviceaccount:shop.x":                               false,
		"shop":                                                    false,
		strings.Repeat("a", 257) + ":serviceaccount:shop:x":       false,
		strings.Repeat("a", 256) + ":serviceaccount:shop:x":       true,
		"foo:serviceaccounts:shop:x and the rest of the sentence": true,
	} {
		start := strings.Index(text, "shop")
		if got := textref.UserOfAny(text, textref.Span{Start: start, End: start + len("shop")}); got != want {
			t.Errorf("UserOfAny(%q) = %v", text, got)
		}
	}
}

func TestGroups(t *testing.T) {
	tests := map[string]struct {
		known, namespaced bool
		reason            string
	}{
		"":                              {true, true, "the core group"},
		"apps":                          {true, true, "groups of old have no dot"},
		"gateway.networking.k8s.io":     {true, true, "listed"},
		"new.k8s.io":                    {false, true, "approved, but its fields are not known"},
		"cluster.x-k8s.io":              {false, false, "of a project"},
		"oauth.openshift.io":            {true, true, "listed"},
		"network.openshift.io":          {true, true, "listed"},
		"template.openshift.io":         {true, true, "listed"},
		"config.openshift.io":           {false, false, "of an operator"},
		"networking.istio.io":           {false, false, "of a project"},
		"apps.openshift.io.example.com": {false, false, "ends otherwise"},
		"networking.k8s.io.example.com": {false, false, "ends otherwise"},
		"example.com":                   {false, false, "of a user"},
	}
	for group, tc := range tests {
		if known, namespaced := textref.Known(group), textref.Namespaced(group); known != tc.known || namespaced != tc.namespaced {
			t.Errorf("%q: %s; got %v, %v", group, tc.reason, known, namespaced)
		}
	}
}

// FuzzAll wants what is found to be what the parts say when they are put
// together again, and nothing to be missed that is written in a form.
func FuzzAll(f *testing.F) {
	for _, seed := range []string{
		"http://web.shop.svc:80", "*.shop.svc.cluster.local,.db.svc", "web.shop.svc.example.com", "system:serviceaccount:shop:web", "system:serviceaccounts:shop",
		"spiffe://cluster.local/ns/shop/sa/app", "ns/shop/*", "-.shop.svc", "\xff.shop.svc", "system:serviceaccount:a:b.c.svc", "foo:serviceaccount:shop", "",
	} {
		f.Add(seed, "shop", "web")
	}
	f.Fuzz(func(t *testing.T, text, namespace, name string) {
		end := 0
		for ref := range textref.All(text) {
			if ref.Namespace.Start < end || ref.Namespace.Empty() {
				t.Fatalf("%q: %+v is not after what was before", text, ref)
			}
			end = ref.Namespace.End
			if ref.Certain && !written(text, ref) {
				t.Errorf("%q: %+v is not written there", text, ref)
			}
		}
		if !validName(namespace) || !validName(name) {
			return
		}
		for _, form := range []string{"NAME.NS.svc", "*.NS.svc", "NAME.NS.svc.cluster.local", "system:serviceaccount:NS:NAME", "system:serviceaccounts:NS", "d/ns/NS/sa/NAME"} {
			text := strings.NewReplacer("NS", namespace, "NAME", name).Replace(form)
			list := all("(" + text + ")")
			if len(list) != 1 || !list[0].certain || list[0].namespace != namespace || strings.Contains(form, "NAME") != (list[0].name == name) {
				t.Errorf("%q: got %v", text, list)
			}
		}
	})
}

// written reports whether the bytes around the parts are those of the form.
func written(text string, ref textref.Ref) bool {
	namespace, name := ref.Namespace.Of(text), ref.Name.Of(text)
	want := map[textref.Form]string{
		textref.Service:  "." + namespace + ".svc",
		textref.Domain:   namespace + ".svc",
		textref.User:     "system:serviceaccount:" + namespace,
		textref.Group:    "system:serviceaccounts:" + namespace,
		textref.Identity: "ns/" + namespace + "/sa/",
	}[ref.Form]
	if name != "" {
		want = map[textref.Form]string{
			textref.Service:  name + "." + namespace + ".svc",
			textref.User:     want + ":" + name,
			textref.Identity: want + name,
		}[ref.Form]
	}
	return want != "" && strings.Contains(text, want)
}

func validName(s string) bool {
	return s != "" && len(s) <= 63 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && strings.Trim(s, "-") == s && s != "svc"
}

// TestTimeOfLongTexts wants no time in proportion to the square of a text: these
// would take hours.
func TestTimeOfLongTexts(t *testing.T) {
	for _, part := range []string{"a.", "a-", ".a.svc", "system:serviceaccount:a:", "ns/a/sa/", "ns/", ":serviceaccount:a"} {
		text := strings.Repeat(part, 1<<20) + " web.shop.svc"
		last := ""
		for ref := range textref.All(text) {
			textref.UserOfAny(text, ref.Namespace)
			last = ref.Namespace.Of(text)
		}
		if last != "shop" {
			t.Errorf("%q, many times: the last namespace is %q", part, last)
		}
	}
}
