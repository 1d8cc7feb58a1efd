// Package replace is the function replace: it replaces parts of texts by
// regular expressions, in fields and in the YAML or JSON that fields hold as
// text.
//
// [Config] lists the rules. What keeps its form and what does not is in
// README.md.
package replace
