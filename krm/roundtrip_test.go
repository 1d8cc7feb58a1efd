package krm

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// ways are the ways an object can take to a function and back.
var ways = map[string]func(*ResourceList) []byte{
	"json": func(l *ResourceList) []byte { return AppendResourceList(nil, l) },
	"yaml": EncodeYAML,
	"json read as yaml": func(l *ResourceList) []byte {
		return append([]byte("# a function that starts with a comment\n"), AppendResourceList(nil, l)...)
	},
}

// configMap returns a ConfigMap with this data, as a client writes it.
func configMap(t *testing.T, data map[string]any) *Item {
	t.Helper()
	it, err := FromObject(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "c"}, "data": data,
	})
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// rawConfigMap is configMap with every code point raw that JSON lets stand raw.
func rawConfigMap(t *testing.T, data map[string]string) *Item {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{`)
	for i, k := range slices.Sorted(maps.Keys(data)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(rawString(k) + ":" + rawString(data[k]))
	}
	it, err := NewItem([]byte(b.String() + "}}"))
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func rawString(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x20:
			fmt.Fprintf(&b, `\u%04x`, r)
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// checkWays sends an item every way and compares what comes back; what the
// YAML reader of the ecosystem sees must be the same.
func checkWays(t *testing.T, it *Item) {
	t.Helper()
	for name, encode := range ways {
		wire := encode(&ResourceList{Items: []*Item{it}})
		back, err := Decode(wire, DecodeOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(back.Items) != 1 || !back.Items[0].Equal(it) {
			t.Errorf("%s: -want +got:\n%s", name, cmp.Diff(it.Object(), back.Items[0].Object()))
		}
	}
}

// yamlData returns the strings of data as yaml.v3 reads them by itself.
func yamlData(t *testing.T, wire []byte) map[string]string {
	t.Helper()
	var list struct {
		Items []struct {
			Data yaml.Node `yaml:"data"`
		} `yaml:"items"`
	}
	if err := yaml.Unmarshal(wire, &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	content := list.Items[0].Data.Content
	for i := 0; i < len(content); i += 2 {
		for _, n := range content[i : i+2] {
			if n.ShortTag() != "!!str" {
				t.Errorf("line %d: want a string, got %s", n.Line, n.ShortTag())
			}
		}
		out[content[i].Value] = content[i+1].Value
	}
	return out
}

func checkStrings(t *testing.T, data map[string]string) {
	t.Helper()
	it := rawConfigMap(t, data)
	checkWays(t, it)
	for name, encode := range ways {
		got := yamlData(t, encode(&ResourceList{Items: []*Item{it}}))
		if !maps.Equal(data, got) { // go-cmp takes seconds for so many
			t.Errorf("%s read by yaml.v3: -want +got:\n%s", name, cmp.Diff(data, got))
		}
	}
}

func TestEveryCodePointSurvives(t *testing.T) {
	const chunk = 1024
	var runes []rune
	for r := rune(0); r < 0x10000; r++ {
		if r < 0xD800 || r > 0xDFFF {
			runes = append(runes, r)
		}
	}
	runes = append(runes, 0x10000, 0x1F600, 0x1FFFE, 0x1FFFF, 0xE0001, 0x10FFFD, 0x10FFFE, 0x10FFFF)
	for start := 0; start < len(runes); start += chunk {
		data := map[string]string{}
		for _, r := range runes[start:min(start+chunk, len(runes))] {
			// Alone, inside and at both ends, as value and as key.
			key := fmt.Sprintf("%04x", r)
			data[string(r)+key] = string(r)
			data[key+string(r)] = "a" + string(r) + "b\nline " + string(r) + " two\n"
		}
		checkStrings(t, data)
	}
}

func lookalikes(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/lookalikes.txt")
	if err != nil {
		t.Fatal(err)
	}
	return append(strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), "", " ", "  a", "a ", "\t", "\n", "\n\n")
}

func TestLookalikesStayStrings(t *testing.T) {
	words := lookalikes(t)
	if len(words) < 97 {
		t.Fatalf("want at least 97 strings, got %d", len(words))
	}
	values, keys := map[string]string{}, map[string]string{}
	for i, w := range words {
		values[fmt.Sprintf("k%d", i)] = w
		keys[w] = "v"
	}
	checkStrings(t, values)
	checkStrings(t, keys)
}

func TestDocumentsInValuesSurvive(t *testing.T) {
	cases := map[string]struct {
		reason, text string
	}{
		"TwoDocuments":     {"a naive reader splits at the line of dashes", "a: 1\n---\nb: 2\n"},
		"DashesFirst":      {"starts with the mark of a document", "---\na: 1\n"},
		"DashesLast":       {"ends with the mark of a document", "a: 1\n---"},
		"DotsInside":       {"the mark of the end of a document", "a: 1\n...\nb: 2\n"},
		"CRLF":             {"YAML folds carriage returns in blocks", "a: 1\r\nb: 2\r\n"},
		"CROnly":           {"a carriage return is a line break of YAML", "a\rb\r"},
		"TrailingSpaces":   {"spaces at line ends are content", "a  \nb \n"},
		"SpacesOnlyLine":   {"a line of spaces between others", "a\n   \nb\n"},
		"LeadingNewlines":  {"blank lines first", "\n\na\nb\n"},
		"LeadingSpaces":    {"indentation cannot be taken from the first line", "  a\nb\n"},
		"LeadingTab":       {"a tab is no indentation", "\ta\nb\n"},
		"TabsInside":       {"a Makefile", "all:\n\tgo build\n\n\tgo test\n"},
		"TabOnlyLine":      {"a line of one tab", "a\n\t\nb"},
		"NoFinalNewline":   {"the block is stripped", "a\nb"},
		"ManyFinal":        {"more than one line break at the end", "a\nb\n\n\n"},
		"OnlyNewlines":     {"nothing but line breaks", "\n\n\n"},
		"OnlySpaces":       {"nothing but spaces", "   "},
		"Comment":          {"a comment inside", "# a\na: 1 # b\n"},
		"JSONInside":       {"braces and quotes", "{\n  \"a\": [1, 2]\n}\n"},
		"Certificate":      {"long lines of letters", "-----BEGIN X-----\n" + strings.Repeat("QUJD", 300) + "\n-----END X-----\n"},
		"LongLine":         {"beyond every folding width", strings.Repeat("word ", 1000)},
		"Template":         {"percent and braces", "{{ .Values.a }}\n%s\n"},
		"UnicodeSeparator": {"line separators of Unicode", "a\u2028b\u2029c\u0085d\n"},
		"ByteOrderMark":    {"a byte order mark at the start", "\uFEFFa: 1\nb: 2\n"},
		"Letters":          {"letters beyond ASCII in a block", "größe: 1\n名前: 二\n"},
		"Emoji":            {"beyond the basic plane", "a 😀\nb 😀\n"},
		"ResourceList":     {"the mark that the reader looks for", "\nkind: ResourceList\n{\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			checkStrings(t, map[string]string{"doc": tc.text, "z": "after"})
			deep := configMap(t, map[string]any{"l": []any{tc.text, map[string]any{"k": tc.text}, []any{tc.text}}})
			checkWays(t, deep)
			if t.Failed() {
				t.Log(tc.reason)
			}
		})
	}
}

func TestLongKeysSurvive(t *testing.T) {
	long := strings.Repeat("k", 1100)
	it := rawConfigMap(t, map[string]string{long: "v", long + "\n": "w", "z": "x"})
	wire := EncodeYAML(&ResourceList{Items: []*Item{it}})
	back, err := Decode(wire, DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !back.Items[0].Equal(it) {
		t.Errorf("-want +got:\n%s", cmp.Diff(it.Object(), back.Items[0].Object()))
	}
}

func TestNumbersSurvive(t *testing.T) {
	cases := map[string]string{
		"Zero": "0", "NegativeZero": "-0", "NegativeZeroFloat": "-0.0", "Small": "7",
		"BeyondFloat":       "9007199254740993",
		"MaxInt64":          "9223372036854775807",
		"MinInt64":          "-9223372036854775808",
		"BeyondInt64":       "9223372036854775808",
		"MaxUint64":         "18446744073709551615",
		"BeyondUint64":      "18446744073709551616",
		"ThirtyDigits":      "123456789012345678901234567890",
		"IntegerFloat":      "1.0",
		"Float":             "0.1",
		"ManyDigits":        "3.14159265358979323846264338327950288",
		"Exponent":          "1e3",
		"ExponentSigned":    "1E+3",
		"ExponentNegative":  "-25e-3",
		"BeyondFloatRange":  "1E400",
		"HostileExponent":   "1e999999999",
		"HostileExponent20": "1e99999999999999999999",
	}
	for name, literal := range cases {
		t.Run(name, func(t *testing.T) {
			it, err := NewItem([]byte(`{"apiVersion":"v1","kind":"A","metadata":{"name":"x"},"n":` + literal + `,"l":[` + literal + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			checkWays(t, it)
			again, err := FromObject(it.Object())
			if err != nil {
				t.Fatal(err)
			}
			if !again.Equal(it) || !strings.Contains(string(again.Raw()), `"n":`+literal) {
				t.Errorf("want the literal %s, got %s", literal, again.Raw())
			}
		})
	}
}

func TestUntouchedItemsAreByteIdenticalAndInOrder(t *testing.T) {
	raws := []string{
		`{"kind":"B","apiVersion":"v1","metadata":{"name":"b"}}`,
		`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"n":1.0,"e":1e3,"s":"<&>\u0041\/"}`,
		`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},  "spaced" : [ 1 , 2 ] }`,
		`{"apiVersion":"v1","kind":"A","metadata":{"generateName":"a-"},"u":"größe 名前 😀"}`,
		`{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"x":"escaped \u0085 \ufffe \u2028"}`,
	}
	list := &ResourceList{}
	for _, raw := range raws {
		it, err := NewItem([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		list.Items = append(list.Items, it)
	}
	wire := AppendResourceList(nil, list)
	if strings.Contains(string(wire), "\n") {
		t.Error("the envelope has more than one line")
	}
	back, err := Decode(wire, DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, it := range back.Items {
		got = append(got, string(it.Raw()))
	}
	if diff := cmp.Diff(raws, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAppendResourceListMakesItemsSafe(t *testing.T) {
	const head = `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},`
	cases := map[string]struct {
		reason, raw, want string
	}{
		"Newlines":      {"the envelope is one line", head + "\n\t\"a\" : [ 1,\r\n 2 ]\n}", head + `"a":[1,2]}`},
		"NextLine":      {"folds to a space in YAML 1.1", head + "\"a\":\"\u0085\"}", head + `"a":"\u0085"}`},
		"Delete":        {"refused by yaml.v3", head + "\"a\":\"\u007f\"}", head + `"a":"\u007f"}`},
		"Nonchar":       {"refused by yaml.v3", head + "\"a\":\"\uFFFE\uFFFF\"}", head + `"a":"\ufffe\uffff"}`},
		"SurrogatePair": {"refused by yaml.v3 when escaped", head + `"a":"\ud83d\uDE00"}`, head + `"a":"😀"}`},
		"LoneSurrogate": {"refused by yaml.v3 when escaped", head + `"a":"\ud83d\ud83dx"}`, head + "\"a\":\"\uFFFD\uFFFDx\"}"},
		"InvalidUTF8":   {"the wire is UTF-8", head + "\"a\":\"x\xffy\"}", head + "\"a\":\"x\uFFFDy\"}"},
		"InKey":         {"keys as values", head + "\"\u0080\":1}", head + `"\u0080":1}`},
		"QuotedSpace":   {"white space in strings stays", head + "\"a\":\" \\n \\\" \",\n\"b\":\"\\\\\"}", head + `"a":" \n \" ","b":"\\"}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			it, err := NewItem([]byte(tc.raw))
			if err != nil {
				t.Fatal(err)
			}
			wire := AppendResourceList(nil, &ResourceList{Items: []*Item{it}})
			want := envelopeStart + `,"items":[` + tc.want + `]}`
			if diff := cmp.Diff(want, string(wire)); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
			if string(it.Raw()) != tc.raw {
				t.Error("the item itself changed")
			}
			checkWays(t, it)
		})
	}
}

func TestWriteYAMLReadItems(t *testing.T) {
	items := manyItems(t, 3)
	items = append(items, configMap(t, map[string]any{"doc": "a\n---\nb\n", "empty": "", "l": []any{}, "m": map[string]any{}}))
	var b strings.Builder
	if err := WriteYAML(&b, items); err != nil {
		t.Fatal(err)
	}
	got, err := ReadItems(strings.NewReader(b.String()), "all.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if d := DiffLists(items, got); len(d.Unchanged) != len(items) || len(d.Changed)+len(d.Added)+len(d.Removed) > 0 {
		t.Errorf("want all unchanged, got %+v", d)
	}
}
