package starlark

import (
	"math"
	"testing"

	"go.starlark.net/starlark"
)

// BenchmarkSteps says how long a step of the script takes, so that the bound on
// steps is one on time: functions of modules must not do more in one than the
// interpreter, by far. Each script works on something in a loop.
func BenchmarkSteps(b *testing.B) {
	const rows = `x = [["a", "b"]] * 1000` + "\n"
	const maps = `x = [{"a": 1, "b": [True, 1.5], "c": "text"} for i in range(1000)]` + "\n"
	for name, script := range map[string][2]string{
		"nothing":            {"", "i"},
		"call":               {"", "len('')"},
		"dict":               {"", "{'a': i}"},
		"base64 encode":      {`x = "a" * 100000`, "base64.encode(x)"},
		"base64 decode":      {`x = "YWFh" * 30000`, "base64.decode(x)"},
		"base64 small":       {``, "base64.decode('YWFh')"},
		"md5":                {`x = "a" * 100000`, "hash.md5(x)"},
		"sha1":               {`x = "a" * 100000`, "hash.sha1(x)"},
		"sha256":             {`x = "a" * 100000`, "hash.sha256(x)"},
		"sha256 small":       {``, "hash.sha256('a')"},
		"krmfn":              {`x = {"metadata": {"name": "a"}}`, "krmfn.match_name(x, 'a')"},
		"csv read":           {`x = "a,b\n" * 10000`, "csv.read_all(x)"},
		"csv read cells":     {`x = "," * 100000`, "csv.read_all(x)"},
		"csv read rows":      {`x = "a\n" * 30000`, "csv.read_all(x)"},
		"csv read empty":     {`x = "\n" * 100000`, "csv.read_all(x)"},
		"csv read line ends": {`x = "\r" * 100000`, "csv.read_all(x)"},
		"csv read quotes":    {`x = '"a""b",' * 10000`, "csv.read_all(x)"},
		"csv read quote":     {`x = '"' + '""' * 50000 + '"'`, "csv.read_all(x)"},
		"csv read text":      {`x = "a" * 100000`, "csv.read_all(x)"},
		"csv read comments":  {`x = "#\n" * 30000`, "csv.read_all(x, comment = '#')"},
		"csv read skip":      {`x = "a\n" * 30000`, "csv.read_all(x, skip = 1 << 40)"},
		"csv read malformed": {`x = "a\"\n" * 30000`, "csv.read_all(x, skip = 1 << 40)"},
		"csv read small":     {``, "csv.read_all('a')"},
		"csv write":          {rows, "csv.write_all(x)"},
		"csv write numbers":  {`x = [[1, 1.5e-7, True]] * 1000`, "csv.write_all(x)"},
		"csv write empty":    {`x = [[]] * 10000`, "csv.write_all(x)"},
		"csv write quotes":   {`x = [["\"\n" * 10000]]`, "csv.write_all(x)"},
		"csv write text":     {`x = [["a" * 100000]]`, "csv.write_all(x)"},
		"csv write small":    {``, "csv.write_all([])"},
		"json decode":        {maps + "x = json.encode(x)", "json.decode(x)"},
		"json decode list":   {`x = "[" + "1," * 10000 + "1]"`, "json.decode(x)"},
		"json decode digits": {`x = "[" + ("1" * 999 + ",") * 100 + "1]"`, "json.decode(x)"},
		"json decode floats": {`x = "[" + "1.5e-7," * 10000 + "1]"`, "json.decode(x)"},
		"json decode text":   {`x = '"' + "a" * 100000 + '"'`, "json.decode(x)"},
		"json decode escape": {`x = '"' + "\\n" * 100000 + '"'`, "json.decode(x)"},
		"json decode maps":   {`x = "[" + "{}," * 10000 + "1]"`, "json.decode(x)"},
		"json decode keys":   {`x = json.encode({str(i): 1 for i in range(10000)})`, "json.decode(x)"},
		"json decode space":  {`x = " " * 100000 + "1"`, "json.decode(x)"},
		"json decode small":  {``, "json.decode('1')"},
		"json encode":        {maps, "json.encode(x)"},
		"json encode digits": {`x = [int("1" * 999)] * 1000`, "json.encode(x)"},
		"json encode text":   {`x = "a" * 100000`, "json.encode(x)"},
		"json encode escape": {`x = "\n" * 100000`, "json.encode(x)"},
		"json encode keys":   {`x = {str(i): 1 for i in range(10000)}`, "json.encode(x)"},
		"json encode small":  {``, "json.encode(1)"},
		"json indent":        {maps + "x = json.encode(x)", "json.indent(x)"},
		"json indent wide":   {`x = "[" + "1," * 10000 + "1]"`, "json.indent(x, indent = ' ' * 500)"},
		"json indent deep":   {`x = "[" * 900 + "]" * 900`, "json.indent(x, indent = ' ' * 50)"},
		"json encode_indent": {maps, "json.encode_indent(x)"},
		"yaml loads":         {maps + "x = yaml.dumps(x)", "yaml.loads(x)"},
		"yaml loads flow":    {`x = "[" + "a," * 10000 + "a]"`, "yaml.loads(x)"},
		"yaml loads numbers": {`x = "[" + "1," * 10000 + "1]"`, "yaml.loads(x)"},
		"yaml loads floats":  {`x = "[" + "1.5e-7," * 10000 + "1]"`, "yaml.loads(x)"},
		"yaml loads times":   {`x = "[" + "2026-01-01," * 10000 + "1]"`, "yaml.loads(x)"},
		"yaml loads empty":   {`x = "[" + "[]," * 10000 + "1]"`, "yaml.loads(x)"},
		"yaml loads block":   {`x = "- a\n" * 10000`, "yaml.loads(x)"},
		"yaml loads nulls":   {`x = "-\n" * 10000`, "yaml.loads(x)"},
		"yaml loads keys":    {`x = "".join(["%d:\n" % i for i in range(10000)])`, "yaml.loads(x)"},
		"yaml loads comment": {`x = "#\n" * 10000`, "yaml.loads(x)"},
		"yaml loads remarks": {`x = "- a #\n" * 10000`, "yaml.loads(x)"},
		"yaml loads heads":   {`x = "# a\n- a\n" * 10000`, "yaml.loads(x)"},
		"yaml loads indents": {`x = "a:\n  # b\n  b: 1\n  # c\n" + "# a\n" * 10000`, "yaml.loads(x)"},
		"yaml loads text":    {`x = "a" * 100000`, "yaml.loads(x)"},
		"yaml loads words":   {`x = "a " * 50000`, "yaml.loads(x)"},
		"yaml loads marks":   {`x = "a: '" + "#" * 100000 + "'"`, "yaml.loads(x)"},
		"yaml loads lines":   {`x = "|\n" + " a\n" * 10000`, "yaml.loads(x)"},
		"yaml loads escapes": {`x = '"' + "\\n" * 10000 + '"'`, "yaml.loads(x)"},
		"yaml loads space":   {`x = " " * 100000`, "yaml.loads(x)"},
		"yaml loads ends":    {`x = "\n" * 100000`, "yaml.loads(x)"},
		"yaml loads aliases": {`x = "a: &a [" + "a," * 90 + "]\nb: [" + "*a," * 900 + "]"`, "yaml.loads(x)"},
		"yaml loads few":     {`x = "a: &a 1\nb: [" + "*a," * 9000 + "]"`, "yaml.loads(x)"},
		"yaml loads merges":  {`x = "a: &a {" + ",".join(["k%d: 1" % i for i in range(300)]) + "}\nb: [" + "{<<: *a}," * 150 + "]"`, "yaml.loads(x)"},
		"yaml loads ---":     {`x = "a\n" + "---\n" * 10000`, "yaml.loads(x)"},
		"yaml loads deep":    {`x = "[" * 900 + "]" * 900`, "yaml.loads(x)"},
		"yaml loads tags":    {`x = "[" + "!!str a," * 10000 + "a]"`, "yaml.loads(x)"},
		"yaml loads small":   {``, "yaml.loads('a')"},
		"yaml dumps":         {maps, "yaml.dumps(x)"},
		"yaml dumps list":    {`x = ["a"] * 10000`, "yaml.dumps(x)"},
		"yaml dumps numbers": {`x = [1, 1.5e-7] * 10000`, "yaml.dumps(x)"},
		"yaml dumps large":   {`x = [1 << 100] * 10000`, "yaml.dumps(x)"},
		"yaml dumps times":   {`x = ["2026-01-01", "1.5", "0x1f"] * 10000`, "yaml.dumps(x)"},
		"yaml dumps keys":    {`x = {"key%d" % i: i for i in range(10000)}`, "yaml.dumps(x)"},
		"yaml dumps text":    {`x = "a" * 100000`, "yaml.dumps(x)"},
		"yaml dumps lines":   {`x = "a\n" * 100000`, "yaml.dumps(x)"},
		"yaml dumps escapes": {`x = "\x01\u2028" * 30000`, "yaml.dumps(x)"},
		"yaml dumps words":   {`x = "a: " * 30000`, "yaml.dumps(x)"},
		"yaml dumps deep":    {"x = 1\nfor i in range(900): x = [x]", "yaml.dumps(x)"},
		"yaml dumps maps":    {"x = 1\nfor i in range(900): x = {'a': x}", "yaml.dumps(x)"},
		"yaml dumps empty":   {`x = [{}] * 10000`, "yaml.dumps(x)"},
		"yaml dumps small":   {``, "yaml.dumps(1)"},
		"re search":          {`x = "a" * 100000`, "re.search('b', x)"},
		"re search class":    {`x = "ab" * 50000`, "re.search('[a-c]{30}d', x)"},
		"re search words":    {`x = "ab" * 50000`, "re.search('(?i)(abc|[a-z]+x|b*c)+d', x)"},
		"re search groups":   {`x = "a" * 10000`, "re.search('" + groups(20) + "b', x)"},
		"re findall":         {`x = "ab" * 10000`, "re.findall('a', x)"},
		"re findall every":   {`x = "a" * 10000`, "re.findall('', x)"},
		"re match groups":    {`x = "ab" * 1000`, "re.match('" + groups(20) + "b', x)"},
		"re split":           {`x = "a," * 10000`, "re.split(',', x)"},
		"re sub":             {`x = "ab" * 10000`, "re.sub('a', '<$0>', x)"},
		"re sub long":        {`x = "ab" * 100`, "re.sub('a', 'a' * 10000, x)"},
		"re sub groups":      {`x = "a" * 100`, "re.sub('a', '$0' * 10000, x)"},
		"re small":           {``, "re.search('a', 'b')"},
		"re of a pattern":    {`x = re.compile("a")`, "x.search('b')"},
		"re compile":         {``, "re.compile('a[b-d]*(e|f)' * 10 + str(i))"},
		"re compile repeat":  {``, "re.compile('(a{50}){10}' + str(i))"},
		"re compile classes": {``, "re.compile('[[:^alpha:]]|\\\\pL|\\\\W' * 10 + str(i))"},
		"re compile case":    {``, "re.compile('(?i)' + 'abcdefgh' * 100 + str(i))"},
		"re compile small":   {``, "re.compile(str(i))"},
	} {
		b.Run(name, func(b *testing.B) { benchmarkSteps(b, script[0], script[1]) })
	}
}

func groups(n int) string {
	text := "a*"
	for range n {
		text = "(" + text + ")"
	}
	return text
}

func benchmarkSteps(b *testing.B, prepare, expression string) {
	b.Helper()
	thread := &starlark.Thread{Load: newLoader()}
	watchThread(b.Context(), thread, 0)
	thread.Local(watchKey).(*watch).limit = math.MaxUint64
	all := predeclared(starlark.None)
	source := loadAll() + prepare + "\ndef work(n):\n  for i in range(n):\n    " + expression + "\n"
	globals, err := starlark.ExecFileOptions(options(), thread, scriptName, source, all)
	if err != nil {
		b.Fatal(err)
	}
	before := thread.ExecutionSteps()
	b.ResetTimer()
	if _, err := starlark.Call(thread, globals["work"], starlark.Tuple{starlark.MakeInt(b.N)}, nil); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(thread.ExecutionSteps()-before), "ns/step")
}
