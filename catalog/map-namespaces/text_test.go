package mapnamespaces

import (
	"encoding/json"
	"strings"
	"testing"
)

func testMapper() *mapper {
	return newMapper(Config{}, nil, map[string]string{"shop": "shop-dr", "db": "data", "default": "moved"})
}

func TestRewrite(t *testing.T) {
	tests := map[string]struct {
		place            place
		in, want, unsure string
	}{
		"service":                  {in: "http://web.shop.svc/x", want: "http://web.shop-dr.svc/x"},
		"two services":             {in: "a.shop.svc,.db.svc", want: "a.shop-dr.svc,.data.svc"},
		"longer name":              {in: "a.shop-eu.svc", want: "a.shop-eu.svc"},
		"other domain":             {in: "a.shop.svcs", want: "a.shop.svcs"},
		"bare":                     {in: "shop.svc", want: "shop.svc", unsure: "shop"},
		"bare where names are":     {place: search, in: "shop.svc.cluster.local", want: "shop-dr.svc.cluster.local"},
		"short":                    {in: "http://web.shop:80/", want: "http://web.shop:80/", unsure: "shop"},
		"short with quotes":        {in: `"web.shop"`, want: `"web.shop"`, unsure: "shop"},
		"three labels":             {in: "web.eu.shop", want: "web.eu.shop"},
		"host of a site":           {in: "shop.example.com", want: "shop.example.com"},
		"exact":                    {in: "shop", want: "shop", unsure: "shop"},
		"exact, a name of another": {place: silent, in: "shop", want: "shop"},
		"exact, a namespace":       {place: name, in: "shop", want: "shop-dr"},
		"word":                     {in: "in the shop", want: "in the shop"},
		"word for a program":       {place: free, in: "-n shop", want: "-n shop", unsure: "shop"},
		"sure and unsure":          {place: free, in: "a.shop.svc shop", want: "a.shop-dr.svc shop", unsure: "shop"},
		"account":                  {in: "is system:serviceaccount:shop:x", want: "is system:serviceaccount:shop-dr:x"},
		"group":                    {in: "system:serviceaccounts:shop", want: "system:serviceaccounts:shop-dr"},
		"longer account":           {in: "system:serviceaccount:shop_x", want: "system:serviceaccount:shop_x"},
		"account of another":       {in: "foo:serviceaccount:shop:x", want: "foo:serviceaccount:shop:x"},
		"the same in a list":       {place: account, in: "foo:serviceaccount:shop:x", want: "foo:serviceaccount:shop-dr:x"},
		"no prefix at all":         {place: account, in: ":serviceaccounts:shop", want: ":serviceaccounts:shop-dr"},
		"too long a prefix":        {place: account, in: "a:b:serviceaccount:shop:x", want: "a:b:serviceaccount:shop:x"},
		"API server":               {place: free, in: "https://kubernetes.default.svc:443 openshift.default", want: "https://kubernetes.default.svc:443 openshift.default"},
		"beside the API server":    {in: "my-kubernetes.default.svc", want: "my-kubernetes.moved.svc"},
		"host outside":             {in: "web.shop.svc.example.com", want: "web.shop.svc.example.com", unsure: "shop"},
		"domain of the cluster":    {in: "web.shop.svc.cluster.local.", want: "web.shop-dr.svc.cluster.local."},
		"search outside":           {place: search, in: "shop.svc.example.com", want: "shop.svc.example.com", unsure: "shop"},
		"identity":                 {in: "spiffe://d/ns/shop/sa/x", want: "spiffe://d/ns/shop-dr/sa/x"},
		"identities":               {in: "d/ns/shop/*", want: "d/ns/shop/*", unsure: "shop"},
		"object of it":             {in: "shop/web", want: "shop/web", unsure: "shop"},
		"path":                     {in: "/shop/web", want: "/shop/web"},
		"object, another's name":   {place: silent, in: "shop/web:1", want: "shop/web:1"},
		"selector of namespaces":   {place: selection, in: "projectcalico.org/namespace == 'shop'", want: "projectcalico.org/namespace == 'shop'", unsure: "shop"},
		"selector of pods":         {place: selection, in: "app == 'shop'", want: "app == 'shop'"},
		"empty":                    {in: "", want: ""},
		"not UTF-8":                {place: free, in: "\xffshop", want: "\xffshop", unsure: "shop"},
	}
	for name, tc := range tests {
		m := testMapper()
		got, changed, unsure := m.rewrite(tc.in, tc.place)
		if got != tc.want || unsure != tc.unsure || (len(changed) > 0) != (tc.in != tc.want) {
			t.Errorf("%s: rewrite(%q) = %q, %v, %q; want %q, %q", name, tc.in, got, changed, unsure, tc.want, tc.unsure)
		}
		if again, _, _ := m.rewrite(got, tc.place); again != got {
			t.Errorf("%s: rewritten again: %q", name, again)
		}
	}
}

// TestAtLeast wants the look at the JSON to miss no name, however it is written.
func TestAtLeast(t *testing.T) {
	old := testMapper().old
	for raw, want := range map[string]int{
		`{"a":"shop"}`:            1,
		`{"a":"shop","b":"x.db"}`: 2,
		`{"a":"shop-x"}`:          0,
		`{"a":"x\nshop"}`:         1,
		`{"a":"\u0073hop"}`:       2, // may be any number
		`{"a":"\u003cdb\u003e"}`:  1,
		`{"a":"\\shop"}`:          1,
		`{"nshop":"\"db\""}`:      1,
		``:                        0,
	} {
		for count := 1; count <= 2; count++ {
			if got := old.atLeast(count, []byte(raw)); got != (count <= want) {
				t.Errorf("atLeast(%d, %s) = %v", count, raw, got)
			}
		}
	}
}

// FuzzRewrite wants every text that would be changed or reported to be looked at,
// and no text to be changed twice.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{"a.shop.svc", "-.shop.svc.db", "system:serviceaccount:shop:db", "x\n\"shop\"\\db", "\xff.shop.svc", "shop"} {
		for p := range selection + 1 {
			f.Add(seed, uint8(p))
		}
	}
	f.Fuzz(func(t *testing.T, text string, p uint8) {
		m := testMapper()
		got, changed, unsure := m.rewrite(text, place(p)%(selection+1))
		raw, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if (len(changed) > 0 || unsure != "") && !m.old.atLeast(1, raw) {
			t.Errorf("%s is not looked at", raw)
		}
		if again, _, _ := m.rewrite(got, place(p)%(selection+1)); again != got {
			t.Errorf("%q becomes %q and then %q", text, got, again)
		}
	})
}

// TestTimeOfLongTexts wants no time in proportion to the square of a text: a
// megabyte of names would take minutes.
func TestTimeOfLongTexts(t *testing.T) {
	text := strings.Repeat("a:serviceaccount:shop .shop.svc a.db ", 1<<16)
	if got, changed, _ := testMapper().rewrite(text, account); len(changed) == 0 || got == text {
		t.Error("nothing was changed")
	}
}
